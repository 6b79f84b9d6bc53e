import { Code, headOf, type Message, parseMessage } from "@wampgate/core";

// What the suite for serializers encodes.

/** The largest id (spec, basic/ids). */
const LARGEST = 2 ** 53;

/** A message of each type, as its elements. */
export const HEADS: readonly (readonly unknown[])[] = [
  [Code.HELLO, "realm1", { roles: { caller: { features: { progressive_call_results: true } } }, authid: "joe" }],
  [Code.HELLO, null, {}],
  [Code.WELCOME, LARGEST, { realm: "realm1", authextra: { a: [1, null] } }],
  [Code.ABORT, { message: "no" }, "wamp.error.no_such_realm"],
  [Code.CHALLENGE, "ticket", {}],
  [Code.AUTHENTICATE, "sécret \u{1f511}", {}],
  [Code.GOODBYE, {}, "wamp.close.normal"],
  [Code.ERROR, Code.CALL, 7, {}, "com.example.error"],
  [Code.PUBLISH, 1, { acknowledge: true }, "com.example.topic"],
  [Code.PUBLISHED, 1, LARGEST],
  [Code.SUBSCRIBE, 1, { match: "prefix" }, "com.example"],
  [Code.SUBSCRIBED, 1, 2],
  [Code.UNSUBSCRIBE, 1, 2],
  [Code.UNSUBSCRIBED, 1],
  [Code.EVENT, 1, LARGEST, {}],
  [Code.CALL, 1, {}, "com.example.procedure"],
  [Code.CANCEL, 1, { mode: "kill" }],
  [Code.RESULT, 1, { progress: true }],
  [Code.REGISTER, 1, {}, "com.example.procedure"],
  [Code.REGISTERED, 1, 2],
  [Code.UNREGISTER, 1, 2],
  [Code.UNREGISTERED, 1],
  [Code.INVOCATION, 1, 2, { caller: LARGEST }],
  [Code.INTERRUPT, 1, {}],
  [Code.YIELD, LARGEST, {}],
];

/** Values that every format can say. */
export const VALUES: readonly (readonly [what: string, value: unknown])[] = [
  ["null", null],
  ["true and false", [true, false]],
  ["whole numbers up to 2^53", [0, 1, -1, 127, 128, -129, 65_536, -(2 ** 31), 2 ** 32, 2 ** 53 - 1, -(2 ** 53) + 1]],
  ["numbers with a fraction", [0.1, -1.5, 1e-7, 1.7976931348623157e308]],
  ["an empty text", ""],
  ["texts of every plane", ["é", "\u{1f511}", "\ufeffmarked", 'a\nb\t"\\/', "\u2028"]],
  ["a long text", "x".repeat(70_000)],
  ["an empty list and an empty dictionary", [[], {}]],
  ["lists and dictionaries in each other", [{ a: [{ b: [[1], { c: null }] }] }]],
  ["many members", Array.from({ length: 300 }, (_, i) => ({ [`key ${i}`]: i }))],
  ["keys with any letters", { "": 1, "é.\u{1f511}": 2, "a b": 3 }],
  [
    "keys that JavaScript has a meaning for",
    JSON.parse('{"__proto__":{"a":1},"constructor":1,"toString":2,"length":3}'),
  ],
  ["binary", new Uint8Array([0, 1, 127, 128, 255])],
  ["much binary", new Uint8Array(70_000).fill(7)],
];

/** Values that some formats cannot say. */
export const UNSAYABLE: readonly (readonly [what: string, value: unknown])[] = [
  ["a function", () => undefined],
  ["a symbol", Symbol("a")],
  ["undefined in a list and in a dictionary", [undefined, { a: undefined }]],
  ["a whole number past 2^53", 2n ** 64n - 1n],
  ["a whole number past 64 bits", 2n ** 200n],
  ["a number that is none", Number.NaN],
  ["infinity", Number.POSITIVE_INFINITY],
  ["a text that is no Unicode", "\ud800"],
  ["a text that begins with NUL", "\0abc"],
  ["a date", new Date(0)],
  ["a map", new Map([[1, 2]])],
  ["an object that throws when it is read", Object.defineProperty({}, "a", { enumerable: true, get: thrower })],
];

function thrower(): never {
  throw new Error("read");
}

const call = messageOf("CALL", {});
const hello = parseMessage([Code.HELLO, "realm1", {}]);
const wrong = (message: Message, fields: object): Message => ({ ...message, ...fields });

/** What is no message, by one wrong field. */
export const WRONG: readonly (readonly [what: string, message: Message])[] = [
  ["an id of 0", wrong(call, { request: 0 })],
  ["an id below 0", wrong(call, { request: -1 })],
  ["an id with a fraction", wrong(call, { request: 1.5 })],
  ["an id past 2^53", wrong(call, { request: 2 ** 60 })],
  ["an id that is a text", wrong(call, { request: "1" })],
  ["an id that is null", wrong(call, { request: null })],
  ["options that are a list", wrong(call, { options: [] })],
  ["options that are null", wrong(call, { options: null })],
  ["a procedure that is a number", wrong(call, { procedure: 7 })],
  ["a procedure that is a list", wrong(call, { procedure: ["com.a"] })],
  ["a realm that is a number", wrong(hello, { realm: 7 })],
  ["details that are a text", wrong(hello, { details: "none" })],
];

interface Content {
  readonly args?: readonly unknown[] | undefined;
  readonly kwargs?: Readonly<Record<string, unknown>> | undefined;
  /** The options or details. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A message that carries a payload. */
export function messageOf(
  type: "CALL" | "PUBLISH" | "EVENT" | "INVOCATION" | "RESULT" | "ERROR",
  { args, kwargs, options = {} }: Content,
): Message {
  const heads = {
    CALL: [Code.CALL, 1, options, "com.example.procedure"],
    PUBLISH: [Code.PUBLISH, 1, options, "com.example.topic"],
    EVENT: [Code.EVENT, 1, 2, options],
    INVOCATION: [Code.INVOCATION, 1, 2, options],
    RESULT: [Code.RESULT, 1, options],
    ERROR: [Code.ERROR, Code.INVOCATION, 1, options, "com.example.error"],
  };
  const payload = kwargs === undefined ? (args === undefined ? [] : [args]) : [args ?? [], kwargs];
  return parseMessage([...heads[type], ...payload]);
}

/** All that a message says, in a form that two formats can be compared in. */
export function contentOf(message: Message): { readonly head: unknown; readonly payload: unknown } {
  const { args = [], kwargs = {} } = ("payload" in message ? message.payload?.values() : undefined) ?? {};
  return { head: [message.type, comparable(headOf(message))], payload: comparable([args, kwargs]) };
}

function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return { binary: [...value] };
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return { members: members.map(([key, member]) => [key, comparable(member)]) };
}
