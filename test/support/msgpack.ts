import { createRequire } from "node:module";

interface Codec {
  encode(value: unknown): { slice(): Buffer };
  decode(bytes: Uint8Array): unknown;
}

const codec = (createRequire(import.meta.url)("msgpack5") as () => Codec)();

/** A value in MessagePack, for frames that no client would send. */
export function encode(value: unknown): Buffer {
  return codec.encode(value).slice();
}

/** A value from its bytes in MessagePack. */
export function decode(bytes: Uint8Array): unknown {
  return codec.decode(bytes);
}
