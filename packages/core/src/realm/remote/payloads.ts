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
  const isSayable = native !== null && CODECS.has(native.codec.name);
  const { count, source, begin, end } = isSayable ? native.stretch : payload.stretch(cbor);
  return { format: isSayable ? native.codec.name : cbor.name, count, source, begin, end };
}

/** The same payload, whose bytes are its own range alone: for a head, which has all of them. */
export function cut(payload: PackedPayload | undefined): PackedPayload | undefined {
  if (payload === undefined) return undefined;
  const { format, count, source, begin, end } = payload;
  return { format, count, source: source.subarray(begin, end), begin: 0, end: end - begin };
}

/** A payload that came from another node. It was checked where it came in, so it is not read again. */
export function unpacked(payload: PackedPayload | undefined): Payload | undefined {
  const codec = CODECS.get(payload?.format);
  if (payload === undefined || codec === undefined) return undefined;
  return new RawPayload(codec, payload.count, payload.source, payload.begin, payload.end);
}

/** Whether what came from another node is a payload, or none. */
export function isPacked(value: unknown): value is PackedPayload | undefined {
  if (value === undefined) return true;
  if (typeof value !== "object" || value === null) return false;
  const { format, count, source, begin, end } = value as Partial<Record<keyof PackedPayload, unknown>>;
  if (!CODECS.has(format) || !(count === 0 || count === 1 || count === 2) || !(source instanceof Uint8Array))
    return false;
  if (!Number.isInteger(begin) || !Number.isInteger(end)) return false;
  return 0 <= (begin as number) && (begin as number) <= (end as number) && (end as number) <= source.length;
}
