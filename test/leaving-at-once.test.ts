import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { definePlugin } from "@wampgate/core";
import { OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";

// Many clients are cut off in one moment. libuv tells of all closed sockets in one turn of the event loop; other clients
// must be served between the ends of their sessions.

const CLIENTS = 200;
/** What a plugin spends on each session that has left, in milliseconds. */
const WORK = 2;

const HELLO = Buffer.from(JSON.stringify([1, "realm1", { roles: { caller: {} } }]));

let running: RunningRouter;
/** How many sessions have left; in which turn each did; what the plugin was told, in order. */
let turns: number[];
let told: string[];
/** Counts the turns of the event loop. */
let turn: number;
let counting: NodeJS.Immediate;

function busy(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

beforeEach(async () => {
  [turns, told, turn] = [[], [], 0];
  const count = (): void => {
    turn++;
    counting = setImmediate(count);
  };
  count();
  const slow = definePlugin({
    name: "slow",
    core: "*",
    apply({ hooks }) {
      hooks.left.tap("slow", () => {
        busy(WORK);
        turns.push(turn);
        told.push("left");
      });
      hooks.stopped.tap("slow", () => void told.push("stopped"));
    },
  });
  const endpoint = { type: "tcp", host: "127.0.0.1", port: 0 };
  const auth = { anonymous: { type: "static", role: "user" } };
  running = await startRouter({
    plugins: [...OFFICIAL, slow],
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
    transports: ["websocket", "rawsocket"].map((type) => ({ type, endpoint, auth })),
  });
});
afterEach(async () => {
  clearImmediate(counting);
  await running.close();
});

/** A session over a plain socket, so that nothing of a client's library takes time when it ends. */
async function joined(kind: "websocket" | "rawsocket"): Promise<Socket> {
  const { url = "" } = running.router.endpoints[kind === "websocket" ? 0 : 1] ?? {};
  const socket = connect({ host: "127.0.0.1", port: Number(/:(\d+)/.exec(url)?.[1]) });
  await once(socket, "connect");
  if (kind === "rawsocket") {
    socket.write(Uint8Array.of(0x7f, 0xf1, 0, 0));
    await once(socket, "data");
    socket.write(Buffer.concat([Uint8Array.of(0, 0, 0, HELLO.length), HELLO]));
  } else {
    const key = Buffer.alloc(16).toString("base64");
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n",
    );
    await once(socket, "data");
    socket.write(Buffer.concat([Uint8Array.of(0x81, 0x80 | HELLO.length, 0, 0, 0, 0), HELLO]));
  }
  await once(socket, "data");
  return socket;
}

async function gathered(kind: "websocket" | "rawsocket"): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let i = 0; i < CLIENTS; i++) sockets.push(await joined(kind));
  return sockets;
}

const cuts = {
  "end their connections": (socket: Socket) => socket.destroy(),
  "are reset": (socket: Socket) => socket.resetAndDestroy(),
};

describe.each(["websocket", "rawsocket"] as const)("sessions by %s", (kind) => {
  it.each(Object.entries(cuts))(
    "that %s in one moment end in many turns, each of which has ten milliseconds for them",
    async (_name, cut) => {
      const sockets = await gathered(kind);
      for (const socket of sockets) cut(socket);
      while (turns.length < CLIENTS) await new Promise(setImmediate);
      const inTurn = new Map<number, number>();
      for (const one of turns) inTurn.set(one, (inTurn.get(one) ?? 0) + 1);
      const most = Math.max(...inTurn.values());
      expect(most).toBeLessThanOrEqual(2 * Math.ceil(10 / WORK));
      expect(running.router.sessionCount).toEqual({ remote: 0, local: 0 });
    },
  );
});

it("close() waits for the sessions whose turn has not come yet", async () => {
  const sockets = await gathered("websocket");
  for (const socket of sockets) socket.destroy();
  while (turns.length === 0) await new Promise(setImmediate);
  expect(turns.length).toBeLessThan(CLIENTS);
  await running.router.close();
  expect(told).toEqual([...Array<string>(CLIENTS).fill("left"), "stopped"]);
});
