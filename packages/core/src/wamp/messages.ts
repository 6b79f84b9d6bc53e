import { isId } from "./ids.ts";
import { type Dict, NOTHING, type Payload, payloadOf, type TailCodec } from "./payload.ts";
import { RawValue } from "./raw-value.ts";
import { protocolViolation } from "../errors/wamp-error.ts";

/** One field of a message: what it must be, in words and as a check. */
interface Field<T> {
  readonly expected: string;
  readonly is: (value: unknown) => value is T;
}

type Fields = Record<string, Field<unknown>>;
type Values<F extends Fields> = { -readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

interface Layout<F extends Fields> {
  readonly code: number;
  readonly fields: F;
  /** Whether `args` and `kwargs` may follow the fields. */
  readonly payload: boolean;
}

/** UNSUBSCRIBED and UNREGISTERED with the request 0 tell of a revocation: `details` says what was revoked. */
type Revocable = "UNSUBSCRIBED" | "UNREGISTERED";

const field = <T>(expected: string, is: (value: unknown) => value is T): Field<T> => ({ expected, is });

/**
 * Whether `value` is a WAMP dictionary: a plain object, as a decoder makes it, not a list and not a `Map`. One made by
 * another context of the same process (`node:vm`, a test runner) counts too.
 */
export function isDict(value: unknown): value is Dict {
  if (value === NOTHING) return true;
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

const id = field("an id from 1 to 2^53", isId);
const text = field("a string", (value): value is string => typeof value === "string");
const textOrNull = field("a string or null", (value): value is string | null => value === null || text.is(value));
const dict = field("a dictionary", isDict);
const code = field("a message code", isCode);

/** Whether `value` can be a message's code: they end at 1023 (spec, basic/messages). */
function isCode(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 1023;
}

const layout = <F extends Fields>(code: number, fields: F, payload = false): Layout<F> => ({ code, fields, payload });

/** Every message: its code, and its fields in the order of the wire (spec, basic/messages). */
const layouts = {
  HELLO: layout(1, { realm: textOrNull, details: dict }),
  WELCOME: layout(2, { session: id, details: dict }),
  ABORT: layout(3, { details: dict, reason: text }, true),
  CHALLENGE: layout(4, { authmethod: text, extra: dict }),
  AUTHENTICATE: layout(5, { signature: text, extra: dict }),
  GOODBYE: layout(6, { details: dict, reason: text }),
  ERROR: layout(8, { requestType: code, request: id, details: dict, error: text }, true),
  PUBLISH: layout(16, { request: id, options: dict, topic: text }, true),
  PUBLISHED: layout(17, { request: id, publication: id }),
  SUBSCRIBE: layout(32, { request: id, options: dict, topic: text }),
  SUBSCRIBED: layout(33, { request: id, subscription: id }),
  UNSUBSCRIBE: layout(34, { request: id, subscription: id }),
  UNSUBSCRIBED: layout(35, { request: id }),
  EVENT: layout(36, { subscription: id, publication: id, details: dict }, true),
  CALL: layout(48, { request: id, options: dict, procedure: text }, true),
  CANCEL: layout(49, { request: id, options: dict }),
  RESULT: layout(50, { request: id, details: dict }, true),
  REGISTER: layout(64, { request: id, options: dict, procedure: text }),
  REGISTERED: layout(65, { request: id, registration: id }),
  UNREGISTER: layout(66, { request: id, registration: id }),
  UNREGISTERED: layout(67, { request: id }),
  INVOCATION: layout(68, { request: id, registration: id, details: dict }, true),
  INTERRUPT: layout(69, { request: id, options: dict }),
  YIELD: layout(70, { request: id, options: dict }, true),
} as const;

/** The name of a message. */
export type MessageType = keyof typeof layouts;

/** A message of type `T`: its fields by name, and its payload if the type has one. */
export type MessageOf<T extends MessageType> = { readonly type: T } & Values<(typeof layouts)[T]["fields"]> &
  ((typeof layouts)[T]["payload"] extends false ? object : { payload?: Payload | undefined }) &
  (T extends Revocable ? { readonly details?: Readonly<Dict> } : object) &
  // HELLO as the bytes that came, if it has an authextra, which is passed on.
  (T extends "HELLO" ? { readonly source?: RawValue } : object);

/** Any message. */
export type Message = { [T in MessageType]: MessageOf<T> }[MessageType];

/** The code of each message, which stands first on the wire: `Code.HELLO` is 1 (spec, basic/messages). */
export const Code = Object.fromEntries(Object.entries(layouts).map(([type, { code }]) => [type, code])) as {
  readonly [T in MessageType]: number;
};

const byCode = new Map(
  Object.entries(layouts).map(([type, { code, fields, payload }]) => [
    code,
    { type, fields: Object.entries<Field<unknown>>(fields), payload },
  ]),
);

/** What a decoder that leaves the payload as it is needs to know of a message; null for one that carries none. */
export interface PayloadLayout {
  readonly type: MessageType;
  /** The fields before the payload, in the order of the wire. */
  readonly fields: readonly (readonly [name: string, field: Field<unknown>])[];
}

/** The layout of a message that carries a payload, by its code. */
export function payloadLayout(code: number): PayloadLayout | null {
  const layout = byCode.get(code);
  return layout?.payload === true ? (layout as PayloadLayout) : null;
}

/** A message of checked fields, in the order of `layout`. @returns null if a field is wrong */
export function assemble(
  { type, fields }: PayloadLayout,
  values: readonly unknown[],
  payload?: Payload,
): Message | null {
  const [first, second, third] = values;
  // What comes most is made in one go, always of one shape.
  if (type === "CALL" && id.is(first) && dict.is(second) && text.is(third))
    return { type, request: first, options: second, procedure: third, payload };
  if (type === "PUBLISH" && id.is(first) && dict.is(second) && text.is(third))
    return { type, request: first, options: second, topic: third, payload };
  if (type === "YIELD" && id.is(first) && dict.is(second)) return { type, request: first, options: second, payload };
  const message: Dict = { type };
  for (let i = 0; i < fields.length; i++) {
    const [name, { is }] = fields[i] as PayloadLayout["fields"][number];
    if (!is(values[i])) return null;
    message[name] = values[i];
  }
  message["payload"] = payload;
  return message as unknown as Message;
}

/**
 * Checks a decoded message and gives its fields their names.
 *
 * @param elements what a serializer decoded: anything at all
 * @throws WampError `wamp.error.protocol_violation`, its text saying which element was wrong and what was expected
 */
export function parseMessage(elements: unknown): Message {
  if (!Array.isArray(elements) || elements.length === 0)
    throw protocolViolation("a message must be a list that is not empty");
  const list = elements as unknown[];
  const layout = byCode.get(list[0] as number);
  if (layout === undefined) {
    throw protocolViolation(
      `unknown message code ${Number.isInteger(list[0]) ? String(list[0]) : `(${kindOf(list[0])})`}`,
    );
  }
  const { type, fields, payload } = layout;
  const rest = list.length - 1 - fields.length;
  if (rest < 0 || rest > (payload ? 2 : 0)) {
    throw protocolViolation(`${type} has ${list.length} elements, expected ${expectedLength(fields.length, payload)}`);
  }
  const message: Dict = { type };
  fields.forEach(([name, { is, expected }], i) => {
    const value = list[i + 1];
    if (!is(value)) throw protocolViolation(`${type}.${name} must be ${expected}, found ${kindOf(value)}`);
    message[name] = value;
  });
  if (payload && !isEncrypted(message, list[fields.length + 1]))
    message["payload"] = parsePayload(type, list.slice(fields.length + 1));
  return message as unknown as Message;
}

/** A message with the bytes that it came in, if it is one of which some are passed on. */
export function withSource(message: Message, codec: TailCodec, bytes: Uint8Array): Message {
  if (message.type !== "HELLO" || !isDict(message.details["authextra"])) return message;
  return { ...message, source: new RawValue(codec, bytes) };
}

/**
 * Whether a payload is one as older clients encrypt it: text or bytes in the place of `args`. It is not passed on, but the
 * message is answered.
 */
function isEncrypted({ options, details }: Dict, args: unknown): boolean {
  if (typeof args !== "string" && !(args instanceof Uint8Array)) return false;
  const dict = options ?? details;
  return isDict(dict) && dict["enc_algo"] !== undefined;
}

function parsePayload(type: string, [args, kwargs]: unknown[]): Payload | undefined {
  // Clients that have only keyword arguments send null for the others.
  const [list, dict] = [args ?? undefined, kwargs ?? undefined];
  if (list !== undefined && !Array.isArray(list))
    throw protocolViolation(`${type}.args must be a list, found ${kindOf(list)}`);
  if (dict !== undefined && !isDict(dict)) {
    throw protocolViolation(`${type}.kwargs must be a dictionary, found ${kindOf(dict)}`);
  }
  return payloadOf({ args: list as unknown[] | undefined, kwargs: dict });
}

/** The elements of a message before its payload, in the order of the wire. */
export function headOf(message: Message): unknown[] {
  const { code, fields } = layouts[message.type];
  const head = [code, ...Object.keys(fields).map((name) => (message as unknown as Dict)[name])];
  const revoked = (message.type === "UNSUBSCRIBED" || message.type === "UNREGISTERED") && message.details !== undefined;
  return revoked ? [...head, message.details] : head;
}

function expectedLength(fields: number, payload: boolean): string {
  return payload ? `${fields + 1} to ${fields + 3}` : String(fields + 1);
}

/** What a value is, in words that do not show the value itself. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "object":
      return isDict(value) ? "a dictionary" : value instanceof Uint8Array ? "binary data" : "an object";
    case "boolean":
      return String(value);
    case "number":
      return Number.isInteger(value) ? "an integer" : "a number";
    default:
      return `a ${typeof value}`;
  }
}
