// One of two servers that forward opaque frames to each other over NATS, and read nothing: the least that a hop can cost by
// the package for NATS. All that one turn of the event loop sends leaves together, as one message up to 256 KiB.
//   nats-forwarder.mjs NAME OF-THE-OTHER URL-OF-NATS
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "@nats-io/transport-node";
import { Sender, WebSocketServer } from "ws";
import { tuneMemory } from "../../packages/core/dist/cli/tune-memory.js";
import { report } from "./report.mjs";

const MOST = 256 * 1024;
const [name, other, url] = process.argv.slice(2);
tuneMemory();
const nats = await connect({ servers: url, noEcho: true });
const http = createServer();
const server = new WebSocketServer({ server: http, perMessageDeflate: false, handleProtocols: ([first]) => first });

let client = null;
let leaving = [];
/** The callee's answers and the publisher's events go the same way. */
function forward(data) {
  if (leaving.push(data) > 1) return;
  setImmediate(() => {
    for (const bundle of bundled(leaving)) nats.publish(`floor.${other}`, bundle);
    leaving = [];
  });
}

/** Messages of several frames each, in their order: before each its length, in 4 bytes. */
function bundled(frames) {
  const bundles = [];
  for (let first = 0; first < frames.length;) {
    let end = first;
    let size = 0;
    do size += 4 + frames[end++].length;
    while (end < frames.length && size + 4 + frames[end].length <= MOST);
    const bytes = Buffer.allocUnsafe(size);
    for (let at = 0, i = first; i < end; i++) {
      at = bytes.writeUInt32LE(frames[i].length, at);
      bytes.set(frames[i], at);
      at += frames[i].length;
    }
    bundles.push(bytes);
    first = end;
  }
  return bundles;
}

function eachFrame(bundle, take) {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32LE(at);
    take(bytes.subarray(at + 4, end));
    at = end;
  }
}

function deliver(data) {
  const socket = client?._socket;
  if (socket === undefined || socket === null) return;
  if (socket.writableCorked === 0) {
    socket.cork();
    setImmediate(() => socket.uncork());
  }
  const options = { fin: true, opcode: 1, mask: false, rsv1: false, readOnly: true };
  socket.write(Buffer.concat(Sender.frame(data, options)));
}

nats.subscribe(`floor.${name}`, { callback: (_, { data }) => eachFrame(data, deliver) });
await nats.flush();
server.on("connection", (ws) => {
  client = ws;
  ws.on("error", () => undefined);
  ws.on("message", forward);
});

http.listen(0, "127.0.0.1");
await once(http, "listening");
report(`ws://127.0.0.1:${http.address().port}`);
