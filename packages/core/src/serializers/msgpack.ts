import { createRequire } from "node:module";
import { ErrorUri } from "../wamp/error-uris.ts";
import { headOf, parseMessage } from "../wamp/messages.ts";
import type { PayloadValues, Tail } from "../wamp/payload.ts";
import { protocolViolation, WampError } from "../wamp/wamp-error.ts";
import { plainValue } from "./plain-value.ts";
import { MAX_DEPTH, type Serializer } from "./serializer.ts";

/** The part of msgpack5 that is used here; the package ships no types of its own. */
interface BufferList {
  readonly length: number;
  slice(): Buffer;
}
interface Codec {
  encode(value: unknown): BufferList;
  decode(buffer: BufferList): unknown;
  registerEncoder(check: (value: unknown) => boolean, encode: (value: never) => Buffer): void;
  registerDecoder(type: number, decode: (data: Buffer) => unknown): void;
}

const require = createRequire(import.meta.url);
const bl = require("bl") as (buffer: Uint8Array) => BufferList;
const codec = (require("msgpack5") as (options: object) => Codec)({ maxDepth: MAX_DEPTH });

/** A MessagePack extension value. The router passes it on and gives it no meaning. */
export class Extension {
  readonly type: number;
  readonly data: Uint8Array;

  constructor(type: number, data: Uint8Array) {
    this.type = type;
    this.data = data;
  }
}

for (let type = 0; type < 128; type++) {
  codec.registerDecoder(type, (data) => (isUndefined(type, data) ? undefined : new Extension(type, Buffer.from(data))));
}
codec.registerEncoder(
  (value) => value instanceof Extension,
  ({ type, data }: Extension) => Buffer.concat([Buffer.from([type]), data]),
);

/** How msgpackr, and with it wampy, says `undefined`: for an option that is not set, for instance. */
function isUndefined(type: number, data: Buffer): boolean {
  return type === 0 && data.length === 1 && data[0] === 0;
}

/** MessagePack, subprotocol `wamp.2.msgpack`. */
export const msgpack: Serializer = {
  name: "msgpack",
  binary: true,
  rawSocketId: 2,

  decode(bytes) {
    const buffer = bl(bytes);
    let elements: unknown;
    try {
      elements = codec.decode(buffer);
    } catch {
      throw protocolViolation("the frame is not valid MessagePack");
    }
    if (buffer.length > 0) throw protocolViolation("the frame has bytes after its message");
    return parseMessage(elements);
  },

  encode(message) {
    const head = headOf(message);
    const tail = "payload" in message ? message.payload?.tail(msgpack) : undefined;
    const parts = head.map(encode);
    const size = Buffer.from([0x90 | (head.length + (tail?.count ?? 0))]);
    return Buffer.concat([size, ...parts, ...(tail === undefined ? [] : [tail.bytes])]);
  },

  encodeTail({ args, kwargs }: PayloadValues): Tail {
    if (kwargs !== undefined && Object.keys(kwargs).length > 0) {
      return { count: 2, bytes: Buffer.concat([encode(args ?? []), encode(kwargs)]) };
    }
    if (args !== undefined && args.length > 0) return { count: 1, bytes: encode(args) };
    return { count: 0, bytes: new Uint8Array() };
  },
};

function encode(value: unknown): Buffer {
  try {
    return codec.encode(plainValue(value)).slice();
  } catch (error) {
    if (WampError.is(error)) throw error;
    throw new WampError(ErrorUri.invalidArgument, "the payload holds a value that MessagePack cannot say");
  }
}
