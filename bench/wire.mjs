// Messages and WebSocket frames for the load, built once and sent many times.
import { createRequire } from "node:module";
import { encode as encodeCbor } from "cborg";

const msgpack5 = createRequire(import.meta.url)("msgpack5")();

const FORMATS = {
  json: { opcode: 1, encode: (value) => Buffer.from(JSON.stringify(value)) },
  msgpack: { opcode: 2, encode: (value) => msgpack5.encode(value).slice() },
  cbor: { opcode: 2, encode: (value) => encodeCbor(value) },
};

/** A client's frame: masked, as the protocol requires, with the key 0, which does not change the bytes. */
export function frame(opcode, payload) {
  const { length } = payload;
  const long = length > 0xffff ? 8 : length > 125 ? 2 : 0;
  const head = Buffer.alloc(2 + long + 4);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (long === 8 ? 127 : long === 2 ? 126 : length);
  if (long === 2) head.writeUInt16BE(length, 2);
  if (long === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

export function message(format, value) {
  return frame(FORMATS[format].opcode, FORMATS[format].encode(value));
}

/** The payload of a scenario: a text with the given number of bytes, or an object of about 1 KiB. */
export function payloadOf(size) {
  if (size !== "object") return "x".repeat(size);
  return Array.from({ length: 16 }, (_, id) => ({
    id,
    name: `item ${id}`,
    tags: ["a", "b"],
    price: 12.5 + id,
    ok: true,
  }));
}

/** Reads the second element of a message, an id, without decoding the rest. */
export function idOf(format, payload) {
  if (format === "json") {
    let id = 0;
    for (let i = payload.indexOf(0x2c) + 1; payload[i] >= 0x30; i++) id = id * 10 + payload[i] - 0x30;
    return id;
  }
  const at = payload[1] < 0x80 ? 2 : 3;
  const kind = payload[at];
  if (kind < 0x80) return kind;
  return payload.readUIntBE(at + 1, kind === 0xcc ? 1 : kind === 0xcd ? 2 : kind === 0xce ? 4 : 6);
}
