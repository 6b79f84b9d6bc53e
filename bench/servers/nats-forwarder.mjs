// One of two servers that forward opaque frames to each other over NATS, and read nothing: the least that a hop can cost by
// the package for NATS. All that one turn of the event loop sends leaves together, as one message up to 256 KiB.
//   nats-forwarder.mjs NAME OF-THE-OTHER URL-OF-NATS
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "@nats-io/transport-node";
import { Sender, WebSocketServer } from "ws";
import { tuneMemory } from "../../packages/core/dist/cli/tune-memory.js";
import { bundled, eachEnvelope } from "../../packages/cluster-nats/dist/nats/bundle.js";
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
    for (const bundle of bundled(leaving, MOST)) nats.publish(`floor.${other}`, bundle);
    leaving = [];
  });
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

nats.subscribe(`floor.${name}`, { callback: (_, { data }) => eachEnvelope(data, deliver) });
await nats.flush();
server.on("connection", (ws) => {
  client = ws;
  ws.on("error", () => undefined);
  ws.on("message", forward);
});

http.listen(0, "127.0.0.1");
await once(http, "listening");
report(`ws://127.0.0.1:${http.address().port}`);
