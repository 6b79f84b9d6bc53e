import { createRequire } from "node:module";

interface Codec {
  encode(value: unknown): { slice(): Buffer };
}

const codec = (createRequire(import.meta.url)("msgpack5") as () => Codec)();

/** A value in MessagePack, for frames that no client would send. */
export function encode(value: unknown): Buffer {
  return codec.encode(value).slice();
}
