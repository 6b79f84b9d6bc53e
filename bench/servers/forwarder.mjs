// The server to compare the router with: it forwards opaque frames in the same topology, and reads nothing.
//   naive: one ws.send for each receiver
//   tuned: the frame is built once, all frames of one tick leave in one write, and
//          memory is tuned as the router tunes it
import { once } from "node:events";
import { createServer } from "node:http";
import { Sender, WebSocketServer } from "ws";
import { tuneMemory } from "../../packages/core/dist/cli/tune-memory.js";
import { ROUTER_ROLES } from "../../packages/core/dist/realm/features.js";
import { report } from "./report.mjs";

const tuned = process.argv[2] === "tuned";
if (tuned) tuneMemory();
const http = createServer();
const server = new WebSocketServer({ server: http, perMessageDeflate: false, handleProtocols: ([first]) => first });
const subscribers = new Set();
const waiting = [];
let callee = null;

const corked = [];
function uncork() {
  for (const socket of corked) socket.uncork();
  corked.length = 0;
}

function send(ws, data, binary, frame) {
  if (!tuned) return ws.send(data, { binary });
  const socket = ws._socket;
  if (socket.writableCorked === 0) {
    socket.cork();
    if (corked.push(socket) === 1) setImmediate(uncork);
  }
  socket.write(frame);
}

function frameOf(data, binary) {
  if (!tuned) return null;
  return Buffer.concat(
    Sender.frame(data, { fin: true, opcode: binary ? 2 : 1, mask: false, rsv1: false, readOnly: true }),
  );
}

/** As long as the router's, for an anonymous login. */
const WELCOME = JSON.stringify([
  2,
  1234567890123456,
  {
    realm: "bench",
    authid: "abcdefghijklmnopqrstuvwx",
    authrole: "user",
    authmethod: "anonymous",
    authprovider: "static",
    authextra: {},
    roles: ROUTER_ROLES,
  },
]);
const welcomeFrame = frameOf(Buffer.from(WELCOME), false);

server.on("connection", (ws, { url }) => {
  ws.on("error", () => undefined);
  if (url === "/subscriber") {
    subscribers.add(ws);
    ws.on("close", () => subscribers.delete(ws));
  } else if (url === "/callee") {
    callee = ws;
    waiting.length = 0;
    ws.on("message", (data, binary) => {
      const caller = waiting.shift();
      if (caller !== undefined) send(caller, data, binary, frameOf(data, binary));
    });
  } else if (url === "/login") {
    ws.on("message", () => send(ws, WELCOME, false, welcomeFrame));
  } else if (url === "/caller") {
    ws.on("message", (data, binary) => {
      waiting.push(ws);
      send(callee, data, binary, frameOf(data, binary));
    });
  } else {
    ws.on("message", (data, binary) => {
      const frame = frameOf(data, binary);
      for (const subscriber of subscribers) send(subscriber, data, binary, frame);
    });
  }
});

http.listen(0, "127.0.0.1");
await once(http, "listening");
report(`ws://127.0.0.1:${http.address().port}`);
