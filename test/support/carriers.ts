import { connect } from "node:net";
import type { WireMessage } from "@wampgate/plugin-testkit";
import { encode } from "./msgpack.ts";

/** A frame before it is bytes: its first byte, what it carries, and what length it claims to have. */
export interface Frame {
  readonly head: number;
  readonly payload: Buffer;
  readonly length: number;
}

/** A way to the router, byte by byte: how a message becomes a frame, and what is said before the first. */
export interface Carrier {
  readonly name: string;
  readonly transport: "websocket" | "rawsocket";
  readonly opening: Buffer;
  frame(message: WireMessage): Frame;
  bytes(frame: Frame): Buffer;
}

const FORMATS = [
  { name: "json", id: 1, opcode: 1, encode: (message: WireMessage): Buffer => Buffer.from(JSON.stringify(message)) },
  { name: "msgpack", id: 2, opcode: 2, encode: (message: WireMessage): Buffer => encode(message) },
];

/** A client's frame (RFC 6455 section 5.2), masked by zeros, so that its payload stands as it is. */
function webSocketBytes({ head, payload, length }: Frame): Buffer {
  const prefix = Buffer.alloc(14);
  prefix[0] = head;
  if (length < 126) prefix[1] = 0x80 | length;
  else if (length <= 0xffff) prefix[1] = 0x80 | 126;
  else prefix[1] = 0x80 | 127;
  if (length >= 126 && length <= 0xffff) prefix.writeUInt16BE(length, 2);
  if (length > 0xffff) prefix.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([prefix.subarray(0, length < 126 ? 6 : length <= 0xffff ? 8 : 14), payload]);
}

function rawSocketBytes({ head, payload, length }: Frame): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUIntBE(length % 2 ** 24, 1, 3);
  prefix[0] = head;
  return Buffer.concat([prefix, payload]);
}

const upgrade = (format: string): string =>
  [
    "GET /ws HTTP/1.1",
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    `Sec-WebSocket-Protocol: wamp.2.${format}`,
    "\r\n",
  ].join("\r\n");

export const CARRIERS: readonly Carrier[] = FORMATS.flatMap(({ name, id, opcode, encode: encoded }): Carrier[] => {
  const frame = (head: number, message: WireMessage): Frame => {
    const payload = encoded(message);
    return { head, payload, length: payload.length };
  };
  return [
    {
      name: `${name} over WebSocket`,
      transport: "websocket",
      opening: Buffer.from(upgrade(name)),
      frame: (message) => frame(0x80 | opcode, message),
      bytes: webSocketBytes,
    },
    {
      name: `${name} over RawSocket`,
      transport: "rawsocket",
      opening: Buffer.of(0x7f, 0xf0 | id, 0, 0),
      frame: (message) => frame(0, message),
      bytes: rawSocketBytes,
    },
  ];
});

/**
 * Sends `pieces` one after the other, each when the one before was answered or `patience` has run out, then hangs up.
 * @returns what came, once the connection is gone
 */
export async function say(port: number, pieces: readonly Buffer[], patience: () => Promise<void>): Promise<Buffer> {
  const socket = connect(port, "127.0.0.1");
  const heard: Buffer[] = [];
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => heard.push(chunk));
  const gone = new Promise((resolve) => socket.once("close", resolve));
  for (const piece of pieces) {
    const answered = new Promise((resolve) => socket.once("data", resolve));
    if (socket.writable) socket.write(piece);
    await Promise.race([answered, gone, patience()]);
  }
  socket.end();
  await gone;
  return Buffer.concat(heard);
}
