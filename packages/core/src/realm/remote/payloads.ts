import type { PackedPayload } from "../../contract/realm-link.ts";
import { cbor } from "../../serializers/cbor/codec.ts";
import { json } from "../../serializers/json/codec.ts";
import { msgpack } from "../../serializers/msgpack/codec.ts";
import { type Payload, RawPayload, type TailCodec } from "../../wamp/payload.ts";

/** The formats in which payloads cross. */
const CODECS: ReadonlyMap<unknown, TailCodec> = new Map([json, msgpack, cbor].map((codec) => [codec.name, codec]));

/**
 * A payload as it crosses to other nodes: the bytes that came. What sessions of this process send becomes CBOR, which can
 * say the most.
 * @throws WampError `wamp.error.invalid_argument` if a value of this process has no form in CBOR
 */
export function packed(payload: Payload | undefined): PackedPayload | undefined {
  if (payload === undefined) return undefined;
  const native = payload.native();
  if (native === null || !CODECS.has(native.codec.name)) return { format: cbor.name, ...payload.tail(cbor) };
  const { count, source, begin, end } = native.stretch;
  return { format: native.codec.name, count, bytes: source.subarray(begin, end) };
}

/** A payload that came from another node. It was checked where it came in, so it is not read again. */
export function unpacked(payload: PackedPayload | undefined): Payload | undefined {
  const codec = CODECS.get(payload?.format);
  if (payload === undefined || codec === undefined) return undefined;
  return new RawPayload(codec, payload.count, payload.bytes, 0, payload.bytes.length);
}

/** Whether what came from another node is a payload, or none. */
export function isPacked(value: unknown): value is PackedPayload | undefined {
  if (value === undefined) return true;
  if (typeof value !== "object" || value === null) return false;
  const { format, count, bytes } = value as Partial<Record<keyof PackedPayload, unknown>>;
  return CODECS.has(format) && (count === 0 || count === 1 || count === 2) && bytes instanceof Uint8Array;
}
