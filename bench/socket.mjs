// A WebSocket client that does as little as possible, so that the bench measures the server and not the load.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";

/** Connects, and passes each frame's payload to `onFrame`. @param from the local address; default: the system's choice
 * @param session the TLS session to resume
 */
export async function open(url, subprotocol, onFrame, { from, session } = {}) {
  const { protocol, hostname, port, pathname } = new URL(url);
  const where = { host: hostname, port: Number(port), noDelay: true, localAddress: from };
  const isSecure = protocol === "wss:";
  const socket = isSecure
    ? connectTls({ ...where, session, rejectUnauthorized: false, minVersion: "TLSv1.3" })
    : connect(where);
  socket.on("error", () => undefined);
  await once(socket, isSecure ? "secureConnect" : "connect");
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Protocol: ${subprotocol}\r\n\r\n`,
  );
  let rest = Buffer.alloc(0);
  let greeted = null;
  const client = { socket, onFrame, write: (bytes) => socket.write(bytes), close: () => socket.destroy() };
  const upgraded = new Promise((resolve, reject) => {
    greeted = (ok) => (ok ? resolve() : reject(new Error(`no upgrade at ${url}`)));
    socket.once("close", () => reject(new Error("closed")));
  });
  socket.on("data", (chunk) => {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (greeted !== null) {
      const end = data.indexOf("\r\n\r\n");
      if (end === -1) return void (rest = data);
      greeted(data.subarray(9, 12).toString() === "101");
      greeted = null;
      data = data.subarray(end + 4);
    }
    rest = data.subarray(frames(data, client));
  });
  await upgraded;
  return client;
}

/** Passes on the complete frames at the beginning of `data`. @returns how many bytes they are */
function frames(data, client) {
  let at = 0;
  while (at + 2 <= data.length) {
    let length = data[at + 1] & 0x7f;
    let head = 2;
    if (length === 126) {
      if (at + 4 > data.length) break;
      length = data.readUInt16BE(at + 2);
      head = 4;
    } else if (length === 127) {
      if (at + 10 > data.length) break;
      length = Number(data.readBigUInt64BE(at + 2));
      head = 10;
    }
    if (at + head + length > data.length) break;
    client.onFrame(data, at + head, length);
    at += head + length;
  }
  return at;
}

/** The next frame from a client that exchanges one message at a time. */
export function next(client) {
  return new Promise((resolve) => {
    client.onFrame = (data, at, length) => resolve(Buffer.from(data.subarray(at, at + length)));
  });
}
