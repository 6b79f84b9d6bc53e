import { headOf, isDict, type Message, parseMessage } from "../wamp/messages.ts";
import type { PayloadValues, Tail } from "../wamp/payload.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { protocolViolation, WampError } from "../wamp/wamp-error.ts";
import { MAX_DEPTH, type Serializer } from "./serializer.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** JSON, subprotocol `wamp.2.json`. Binary values are strings `"\0" + base64` (spec, basic/building_blocks). */
export const json: Serializer = {
  name: "json",
  binary: false,
  rawSocketId: 1,

  decode(bytes) {
    let elements: unknown;
    try {
      const text = decoder.decode(bytes);
      checkDepth(text);
      elements = JSON.parse(text, revive);
    } catch (error) {
      throw WampError.is(error) ? error : protocolViolation("the frame is not valid JSON");
    }
    return parseMessage(elements);
  },

  encode(message: Message) {
    const head = JSON.stringify(headOf(message).map((element) => sayable(element, 0)));
    const tail = "payload" in message ? message.payload?.tail(json) : undefined;
    if (tail === undefined || tail.count === 0) return Buffer.from(head);
    return Buffer.concat([Buffer.from(head.slice(0, -1)), tail.bytes, Buffer.from("]")]);
  },

  encodeTail({ args, kwargs }: PayloadValues): Tail {
    if (kwargs !== undefined && Object.keys(kwargs).length > 0) {
      return { count: 2, bytes: Buffer.from(`,${text(args ?? [])},${text(kwargs)}`) };
    }
    if (args !== undefined && args.length > 0) return { count: 1, bytes: Buffer.from(`,${text(args)}`) };
    return { count: 0, bytes: new Uint8Array() };
  },
};

const text = (value: unknown): string => JSON.stringify(sayable(value, 0));

/** A string of the wire that starts with NUL is binary in base64; `__proto__` stays an ordinary key. */
function revive(_key: string, value: unknown): unknown {
  return typeof value === "string" && value.charCodeAt(0) === 0 ? Buffer.from(value.slice(1), "base64") : value;
}

/** A copy of `value` in which binary is text, or the refusal of what JSON cannot say. */
function sayable(value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) throw unsayable(`more than ${MAX_DEPTH} levels deep`);
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw unsayable(String(value));
      return value;
    case "undefined":
      return null;
    case "object":
      break;
    default:
      throw unsayable(`a ${typeof value}`);
  }
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((item) => sayable(item, depth + 1));
  if (value instanceof Uint8Array) return `\0${Buffer.from(value).toString("base64")}`;
  if (value instanceof Date) return value.toISOString();
  if (!isDict(value)) throw unsayable(value.constructor.name);
  const copy: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of Object.entries(value)) if (item !== undefined) copy[key] = sayable(item, depth + 1);
  return copy;
}

function unsayable(what: string): WampError {
  return new WampError(ErrorUri.invalidArgument, `the payload holds a value that JSON cannot say (${what})`);
}

/** JSON.parse takes a million levels and then seconds, so depth is counted on the text, outside strings. */
function checkDepth(text: string): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x5b || c === 0x7b) {
      if (++depth > MAX_DEPTH + 1) throw protocolViolation(`the message nests more than ${MAX_DEPTH} levels deep`);
    } else if (c === 0x5d || c === 0x7d) depth--;
  }
}
