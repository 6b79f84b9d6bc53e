import type { PluginDefinition } from "../contract/plugin.ts";
import { isDict, kindOf } from "../wamp/messages.ts";

/** What the keys of a member must be. */
type Shape = Readonly<
  Record<string, "function" | "string" | "schema" | "function?" | "boolean?" | "object?" | "string?">
>;

const METHOD: Shape = {
  name: "string",
  at: "string",
  credential: "schema",
  challenge: "function",
  authenticate: "function?",
  decoy: "function",
  static: "object?",
  strategyMayVerify: "boolean?",
  applies: "function?",
  defaultType: "string?",
  client: "object?",
};
const STATIC: Shape = { schema: "schema", find: "function", assignments: "function", prepare: "function?" };
const STRATEGY: Shape = {
  type: "string",
  block: "schema",
  resolve: "function",
  calls: "function?",
  decoy: "function?",
};
const CLIENT: Shape = { answer: "function", authextra: "function?" };
const SERIALIZER: Shape = { name: "string", decode: "function", encode: "function", encodeTail: "function" };
const TRANSPORT: Shape = {
  type: "string",
  schema: "schema",
  open: "function",
  accepts: "function?",
  conflicts: "function?",
};

/** What is wrong in a plugin's shape. Its author may not use types. */
export function shapeProblems(plugin: PluginDefinition): string[] {
  return [
    ...missing("the plugin", plugin, { name: "string", core: "string", apply: "function?" }),
    ...each(plugin, "methods", METHOD),
    ...(Array.isArray(plugin.methods) ? plugin.methods : []).flatMap(methodProblems),
    ...each(plugin, "strategies", STRATEGY),
    ...(Array.isArray(plugin.strategies) ? plugin.strategies : [])
      .filter((strategy) => isDict(strategy) && strategy.type === "static")
      .map(() => "a strategy claims the type static, which belongs to the methods"),
    ...each(plugin, "serializers", SERIALIZER),
    ...each(plugin, "transports", TRANSPORT),
  ];
}

function methodProblems(method: unknown): string[] {
  if (!isDict(method)) return [];
  const problems: string[] = [];
  if (method["at"] !== "hello" && method["at"] !== "authenticate")
    problems.push('a method\'s at must be "hello" or "authenticate"');
  if (method["static"] !== undefined) problems.push(...missing("a method's static", method["static"], STATIC));
  if (method["client"] !== undefined) problems.push(...missing("a method's client", method["client"], CLIENT));
  return problems;
}

function each(
  plugin: PluginDefinition,
  key: "methods" | "strategies" | "serializers" | "transports",
  shape: Shape,
): string[] {
  const list: unknown = plugin[key];
  if (list === undefined) return [];
  if (!Array.isArray(list)) return [`${key} must be a list, found ${kindOf(list)}`];
  return list.flatMap((member, i) => missing(`${key}[${i}]`, member, shape));
}

function missing(what: string, value: unknown, shape: Shape): string[] {
  if (typeof value !== "object" || value === null) return [`${what} must be an object, found ${kindOf(value)}`];
  return Object.entries(shape).flatMap(([key, wanted]) => {
    const member = (value as Record<string, unknown>)[key];
    return fits(member, wanted)
      ? []
      : [`${what} needs ${key}: expected a ${wanted.replace("?", "")}, found ${kindOf(member)}`];
  });
}

function fits(member: unknown, wanted: Shape[string]): boolean {
  if (wanted.endsWith("?")) return member === undefined || typeof member === wanted.slice(0, -1);
  if (wanted === "string") return typeof member === "string" && member !== "";
  if (wanted === "schema") return typeof member === "object" && member !== null && "~standard" in member;
  return typeof member === wanted;
}
