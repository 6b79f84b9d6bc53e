import type { Command, CommandArgument, CommandFlag } from "../contract/command.ts";
import type { AuthMethod, ClientHalf, StaticPrincipals } from "../contract/method.ts";
import type { PluginDefinition } from "../contract/plugin.ts";
import type { Link } from "../contract/realm-link.ts";
import type { Strategy } from "../contract/strategy.ts";
import type { Transport } from "../contract/transport.ts";
import { didYouMean } from "../config/suggest.ts";
import type { Serializer } from "../serializers/serializer.ts";
import { isDict, kindOf } from "../wamp/messages.ts";

type Kind = "function" | "string" | "number" | "boolean" | "object" | "schema" | "list" | "list or function";

/** What each key of a member must be. The compiler demands all keys of its type: any other key is an error. */
type Shape<T> = Readonly<Record<keyof Required<T>, Kind | `${Kind}?`>>;

const PLUGIN: Shape<PluginDefinition> = {
  name: "string",
  core: "string",
  version: "string?",
  requires: "list?",
  methods: "list or function?",
  strategies: "list or function?",
  serializers: "list?",
  transports: "list?",
  links: "list?",
  commands: "list?",
  options: "schema?",
  apply: "function?",
};
const METHOD: Shape<AuthMethod> = {
  name: "string",
  at: "string",
  credential: "schema",
  challenge: "function",
  authenticate: "function?",
  decoy: "function",
  static: "object?",
  strategyMayVerify: "boolean?",
  credentialKey: "string?",
  applies: "function?",
  defaultType: "string?",
  proof: "string?",
  weakness: "string?",
  unusableAt: "function?",
  client: "object?",
};
const STATIC: Shape<StaticPrincipals> = {
  schema: "schema",
  find: "function",
  assignments: "function",
  prepare: "function?",
  check: "function?",
  probe: "function?",
  open: "function?",
  applies: "function?",
  secrets: "list?",
};
const CLIENT: Shape<ClientHalf> = { answer: "function", authextra: "function?" };
const STRATEGY: Shape<Strategy> = {
  type: "string",
  block: "schema",
  resolve: "function",
  applies: "function?",
  calls: "function?",
  decoy: "function?",
  check: "function?",
  probe: "function?",
  open: "function?",
};
const SERIALIZER: Shape<Serializer> = {
  name: "string",
  binary: "boolean",
  rawSocketId: "number?",
  decode: "function",
  encode: "function",
  encodeTail: "function",
  encodeParts: "function?",
  write: "function?",
  transcodeTail: "function?",
};
const TRANSPORT: Shape<Transport> = {
  type: "string",
  schema: "schema",
  open: "function",
  accepts: "function?",
  conflicts: "function?",
  needs: "function?",
};

const LINK: Shape<Link> = {
  type: "string",
  schema: "schema",
  start: "function",
  probe: "function?",
  hub: "function?",
};

const COMMAND: Shape<Command> = {
  name: "string",
  description: "string",
  arguments: "list?",
  flags: "object?",
  run: "function",
};
const FLAG: Shape<CommandFlag> = { description: "string", value: "string?" };
const ARGUMENT: Shape<CommandArgument> = { name: "string", description: "string", isOptional: "boolean?" };

/** Names of core's own commands, now or later. */
export const CORE_COMMANDS = [
  ...["init", "start", "check", "schema", "print-config", "help"],
  ...["explain", "sessions", "reload", "log-level", "import"],
];

/** Flags that each command has, or that choose its plugin. */
const CORE_FLAGS = ["config", "debug", "plugin", "help"];

/** What is wrong in a plugin's shape. Its author may not use types. */
export function shapeProblems(plugin: PluginDefinition): string[] {
  return [
    ...problemsOf("the plugin", plugin, PLUGIN),
    ...listOf(plugin.requires).flatMap((name, i) =>
      fits(name, "string") ? [] : [`requires[${i}] must be the name of a plugin, found ${kindOf(name)}`],
    ),
    ...eachProblem("methods", plugin.methods),
    ...eachProblem("strategies", plugin.strategies),
    ...membersOf(plugin.serializers).flatMap(([serializer, i]) =>
      problemsOf(`serializers[${i}]`, serializer, SERIALIZER),
    ),
    ...membersOf(plugin.transports).flatMap(([transport, i]) => problemsOf(`transports[${i}]`, transport, TRANSPORT)),
    ...membersOf(plugin.links).flatMap(([link, i]) => problemsOf(`links[${i}]`, link, LINK)),
    ...membersOf(plugin.commands).flatMap(([command, i]) => commandProblems(`commands[${i}]`, command)),
  ];
}

/** What is wrong in the methods or strategies that a plugin has made. */
export function memberProblems(key: "methods" | "strategies", list: unknown): string[] {
  return Array.isArray(list) ? eachProblem(key, list) : [`its ${key} gave ${kindOf(list)}, expected a list`];
}

/** Of a list. A function makes one later. */
function eachProblem(key: "methods" | "strategies", list: unknown): string[] {
  const problems = key === "methods" ? methodProblems : strategyProblems;
  return membersOf(list).flatMap(([member, i]) => problems(`${key}[${i}]`, member));
}

function methodProblems(what: string, method: unknown): string[] {
  const problems = problemsOf(what, method, METHOD);
  if (typeof method !== "object" || method === null) return problems;
  const { at, static: own, client } = method as Partial<AuthMethod>;
  if (at !== "hello" && at !== "authenticate") problems.push(`${what}.at must be "hello" or "authenticate"`);
  if (typeof own === "object") problems.push(...problemsOf(`${what}.static`, own, STATIC));
  if (typeof client === "object") problems.push(...problemsOf(`${what}.client`, client, CLIENT));
  return problems;
}

function strategyProblems(what: string, strategy: unknown): string[] {
  const problems = problemsOf(what, strategy, STRATEGY);
  if ((strategy as Partial<Strategy> | null)?.type === "static")
    problems.push(`${what} claims the type static, which belongs to the methods`);
  return problems;
}

function commandProblems(what: string, command: unknown): string[] {
  const problems = problemsOf(what, command, COMMAND);
  if (typeof command !== "object" || command === null) return problems;
  const { name, flags, arguments: given } = command as Partial<Command>;
  problems.push(...nameProblems(what, name, CORE_COMMANDS));
  for (const [flag, value] of Object.entries(flags ?? {}))
    problems.push(
      ...nameProblems(`${what}.flags`, flag, CORE_FLAGS),
      ...problemsOf(`${what}.flags.${flag}`, value, FLAG),
    );
  for (const [argument, i] of membersOf(given))
    problems.push(...problemsOf(`${what}.arguments[${i}]`, argument, ARGUMENT));
  return problems;
}

/** What is no text has been told. */
function nameProblems(what: string, name: unknown, taken: readonly string[]): string[] {
  if (typeof name !== "string" || name === "") return [];
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    return [`${what} has the name "${name}": expected small letters, digits and "-"`];
  return taken.includes(name) ? [`${what} has the name "${name}", which is core's own; choose another one`] : [];
}

/** Each member of a list, with its position. What is no list has been told. */
function membersOf(value: unknown): [member: unknown, index: number][] {
  return listOf(value).map((member, index) => [member, index]);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function problemsOf(what: string, value: unknown, shape: Readonly<Record<string, Kind | `${Kind}?`>>): string[] {
  if (typeof value !== "object" || value === null) return [`${what} must be an object, found ${kindOf(value)}`];
  const wrong = Object.entries(shape).flatMap(([key, wanted]) => {
    const member = (value as Record<string, unknown>)[key];
    if (fits(member, wanted)) return [];
    const expected = `expected ${article(wanted.replace("?", ""))}, found ${kindOf(member)}`;
    return [wanted.endsWith("?") ? `${what} has a wrong ${key}: ${expected}` : `${what} needs ${key}: ${expected}`];
  });
  return [...wrong, ...unknownKeys(what, value, Object.keys(shape))];
}

/** An object of a class may have fields of its own. */
function unknownKeys(what: string, value: object, known: readonly string[]): string[] {
  if (!isDict(value)) return [];
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => `${what} has the unknown key "${key}"${didYouMean(key, known)}`);
}

function article(kind: string): string {
  return `${kind === "object" ? "an" : "a"} ${kind}`;
}

function fits(member: unknown, wanted: Kind | `${Kind}?`): boolean {
  if (wanted.endsWith("?")) return member === undefined || fits(member, wanted.slice(0, -1) as Kind);
  if (wanted === "string") return typeof member === "string" && member !== "";
  if (wanted === "schema") return typeof member === "object" && member !== null && "~standard" in member;
  if (wanted === "list") return Array.isArray(member);
  if (wanted === "list or function") return Array.isArray(member) || typeof member === "function";
  if (wanted === "object") return typeof member === "object" && member !== null;
  return typeof member === wanted;
}
