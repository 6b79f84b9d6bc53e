import type { SchemaIssue } from "../contract/schema.ts";
import { isDict, kindOf } from "../wamp/messages.ts";
import { keysOf, membersOf, type SchemaNode } from "./schema-nodes.ts";
import { didYouMean } from "./suggest.ts";

/** The keys of zod's issues that Standard Schema does not have. Other libraries lack them. */
export interface DetailedIssue extends SchemaIssue {
  readonly code?: string;
  readonly keys?: readonly string[];
  readonly expected?: string;
  readonly values?: readonly unknown[];
  readonly errors?: readonly (readonly DetailedIssue[])[];
  readonly options?: readonly unknown[];
  readonly origin?: string;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "a dictionary",
  record: "a dictionary",
  null: "null",
};

/** A larger limit is that of the number's kind, and tells nothing. */
const LARGEST = 2 ** 31 - 1;

const UNITS: Readonly<Record<string, string>> = { ms: " of milliseconds", bytes: " of bytes" };

/**
 * What a schema's problem with a value is: what was expected and what was found, never the value itself, since it may
 * be a secret.
 *
 * @param nodes what the schema says about the place
 * @param isLiteral whether the value stands in the file as it is
 */
export function sentence(
  issue: DetailedIssue,
  found: unknown,
  nodes: readonly SchemaNode[],
  isLiteral: boolean,
): string {
  switch (issue.code) {
    case "invalid_type":
      // A schema's own message.
      if (!issue.message.startsWith("Invalid input")) return issue.message;
      return `expected ${expectedBy(nodes, issue)}, found ${kindOf(found)}${isLiteral ? conversion(found, nodes) : ""}${shape(nodes)}`;
    case "too_small":
    case "too_big":
      return outOfRange(issue, found, nodes);
    case "invalid_value":
      return oneOf(issue.values ?? [], found);
    case "invalid_union":
      if (issue.options !== undefined) return oneOf(issue.options, found);
      return issue.message.startsWith("Invalid")
        ? `expected ${expectedBy(nodes, issue)}, found ${kindOf(found)}`
        : `${issue.message}, found ${kindOf(found)}`;
    case "invalid_format":
      return issue.message.startsWith("Invalid")
        ? `expected ${expectedBy(nodes, issue)} of another form, found ${kindOf(found)}`
        : issue.message;
    case "invalid_key":
      return "this key is not possible here";
    case "custom":
      return issue.message;
    default:
      return `${issue.message.replace(/^Invalid input: /, "")}, found ${kindOf(found)}`;
  }
}

function oneOf(values: readonly unknown[], found: unknown): string {
  const known = values.map(String);
  const hint = typeof found === "string" ? didYouMean(found, known) : "";
  return `expected ${listed(known.map((word) => `"${word}"`))}, found ${kindOf(found)}${hint}`;
}

function listed(words: readonly string[]): string {
  return words.length < 3 ? words.join(" or ") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** What nodes expect, in words. */
function expectedBy(nodes: readonly SchemaNode[], { expected = "" }: DetailedIssue): string {
  const kinds = [...new Set(nodes.flatMap((node) => wordsOf(node)))];
  return kinds.length > 0 ? listed(kinds) : (KINDS[expected] ?? (expected === "" ? "another value" : expected));
}

function wordsOf(node: SchemaNode): string[] {
  const { type, const: constant, enum: values } = node;
  if (typeof constant === "string") return [`"${constant}"`];
  if (Array.isArray(values)) return values.map((value) => `"${String(value)}"`);
  if (type === "integer" || type === "number") return [numberText(node)];
  return typeof type === "string" ? [KINDS[type] ?? type] : [];
}

function numberText({ type, unit, minimum, maximum, exclusiveMinimum }: SchemaNode): string {
  const what = `${KINDS[String(type)]}${UNITS[String(unit)] ?? ""}`;
  if (typeof exclusiveMinimum === "number") return `${what}, more than ${exclusiveMinimum}`;
  const least = typeof minimum === "number" && minimum > -LARGEST ? minimum : null;
  const most = typeof maximum === "number" && maximum < LARGEST ? maximum : null;
  if (least !== null && most !== null) return `${what} from ${least} to ${most}`;
  if (least !== null && least !== 0) return `${what}, at least ${least}`;
  return most === null ? what : `${what}, at most ${most}`;
}

function outOfRange(issue: DetailedIssue, found: unknown, nodes: readonly SchemaNode[]): string {
  const isTooSmall = issue.code === "too_small";
  const limit = Number(isTooSmall ? issue.minimum : issue.maximum);
  const bound = `${isTooSmall ? "at least" : "at most"} ${limit}`;
  switch (issue.origin) {
    case "string":
      if (isTooSmall && limit === 1) return "expected a string that is not empty";
      return `expected ${bound} characters, found ${isTooSmall ? "fewer" : "more"}`;
    case "array":
    case "set":
      if (isTooSmall && limit === 1) return "expected a list with at least one member, found an empty one";
      return `expected a list with ${bound} members, found one with ${isTooSmall ? "fewer" : "more"}`;
    default: {
      const numbers = nodes.filter(({ type }) => type === "integer" || type === "number");
      const expected = numbers.length > 0 ? expectedBy(numbers, issue) : `a number, ${bound}`;
      return `expected ${expected}, found ${Number.isFinite(found) ? `a ${isTooSmall ? "smaller" : "greater"} one` : kindOf(found)}`;
    }
  }
}

const FACTORS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ms: {
    ms: 1,
    s: 1000,
    sec: 1000,
    second: 1000,
    m: 60_000,
    min: 60_000,
    minute: 60_000,
    h: 3_600_000,
    hour: 3_600_000,
    d: 86_400_000,
    day: 86_400_000,
  },
  bytes: {
    b: 1,
    k: 1024,
    kb: 1024,
    kib: 1024,
    m: 1024 ** 2,
    mb: 1024 ** 2,
    mib: 1024 ** 2,
    g: 1024 ** 3,
    gb: 1024 ** 3,
    gib: 1024 ** 3,
  },
};

/** How many keys a message names. */
const MOST_KEYS = 8;

/** The keys of the dictionary that is expected, or of the members of a list or dictionary. */
function shape(nodes: readonly SchemaNode[]): string {
  const [own, members] = [keysOf(nodes), keysOf(membersOf(nodes))];
  if (own.length > 0) return `; its keys: ${keysText(own)}`;
  return members.length > 0 ? `; the keys of each member: ${keysText(members)}` : "";
}

function keysText(keys: readonly string[]): string {
  return keys.slice(0, MOST_KEYS).join(", ") + (keys.length > MOST_KEYS ? ", …" : "");
}

/** How a text that was meant as a number or a boolean is written, or the other way round. */
function conversion(found: unknown, nodes: readonly SchemaNode[]): string {
  const types = nodes.map(({ type }) => type);
  const isPlain = typeof found === "number" || typeof found === "boolean";
  if (isPlain && types.length > 0 && types.every((type) => type === "string")) return "; write it in quotes";
  if (typeof found !== "string" || found.length > 20) return "";
  if (types.includes("boolean") && /^(?:true|yes|on)$/i.test(found)) return "; write true";
  if (types.includes("boolean") && /^(?:false|no|off)$/i.test(found)) return "; write false";
  const number = nodes.find(({ type }) => type === "integer" || type === "number");
  const [, digits, unit = ""] = /^\s*(\d{1,12}(?:\.\d{1,3})?)\s*([a-z]*)\s*$/i.exec(found) ?? [];
  if (number === undefined || digits === undefined) return "";
  if (unit === "") return "; write it without quotes";
  const factors = FACTORS[String(number["unit"])] ?? {};
  const name = unit.toLowerCase();
  const factor = Object.hasOwn(factors, name) ? factors[name] : factors[name.replace(/s$/, "")];
  return factor === undefined ? "" : `; write ${Math.round(Number(digits) * factor)}`;
}

/** Whether a value is of the kind that a node expects: `users` may be meant by a key whose value is a dictionary, too. */
export function isOfKind(value: unknown, { type }: SchemaNode): boolean {
  if (type === "object") return isDict(value);
  return type === "array" ? Array.isArray(value) : type === typeof value;
}
