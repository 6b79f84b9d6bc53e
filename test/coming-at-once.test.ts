import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { jest } from "@jest/globals";
import { definePlugin, type WampgateConfig } from "@wampgate/core";
import { OFFICIAL, type RunningRouter, startRouter, wholeOf } from "./support/router.ts";

// Many clients ask for a WebSocket in one moment. Other clients must be served in between.

// Clients that do not answer GOODBYE are waited for, on machines that may have other work.
jest.setTimeout(30_000);

const CLIENTS = 200;
/** What a plugin spends on each request, in milliseconds. */
const WORK = 2;

const REQUEST =
  "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
  `Sec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n`;

let running: RunningRouter;
let turn: number;
/** In which turn of the event loop each request was decided. */
let turns: number[];
/** In which turn each session joined. */
let joins: number[];
let onJoined: () => void;
/** Makes a config with other ways in. */
let configWith: (auth: object) => Record<string, unknown>;
let counting: NodeJS.Immediate;

beforeEach(async () => {
  [turns, joins, turn, onJoined] = [[], [], 0, () => undefined];
  const count = (): void => {
    turn++;
    counting = setImmediate(count);
  };
  count();
  const slow = definePlugin({
    name: "slow",
    core: "*",
    apply({ hooks }) {
      hooks.upgrade.tap("slow", () => {
        busy();
        turns.push(turn);
        return undefined;
      });
      hooks.joined.tap("slow", () => {
        busy();
        joins.push(turn);
        onJoined();
      });
    },
  });
  const realms = [{ name: "realm1", roles: [{ name: "user" }] }];
  configWith = (auth) => wholeOf({ plugins: [...OFFICIAL, slow], realms, auth });
  running = await startRouter(configWith({ anonymous: { type: "static", role: "user" } }));
});
afterEach(async () => {
  clearImmediate(counting);
  await running.close();
});

function busy(): void {
  for (const end = performance.now() + WORK; performance.now() < end;);
}

/** The most that came in one turn. */
function most(inTurns: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const one of inTurns) counts.set(one, (counts.get(one) ?? 0) + 1);
  return Math.max(...counts.values());
}

async function connected(): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let i = 0; i < CLIENTS; i++) {
    const socket = connect({ host: "127.0.0.1", port: Number(new URL(running.url).port) });
    await once(socket, "connect");
    sockets.push(socket);
  }
  return sockets;
}

it("requests for a WebSocket that come in one moment are answered in many turns, each of which has ten milliseconds for them", async () => {
  const sockets = await connected();
  const answers = sockets.map((socket) => once(socket, "data") as Promise<[Buffer]>);
  for (const socket of sockets) socket.write(REQUEST);
  for (const [answer] of await Promise.all(answers)) expect(String(answer)).toMatch(/^HTTP\/1\.1 101/);
  expect(most(turns)).toBeLessThanOrEqual(2 * Math.ceil(10 / WORK));
  for (const socket of sockets) socket.destroy();
});

it("so are logins that come in one moment", async () => {
  const sockets = await connected();
  for (const socket of sockets) {
    socket.write(REQUEST);
    await once(socket, "data");
  }
  const hello = Buffer.from(JSON.stringify([1, "realm1", { roles: { caller: {} } }]));
  const answers = sockets.map((socket) => once(socket, "data") as Promise<[Buffer]>);
  for (const socket of sockets)
    socket.write(Buffer.concat([Uint8Array.of(0x81, 0x80 | hello.length, 0, 0, 0, 0), hello]));
  for (const [answer] of await Promise.all(answers)) expect(String(answer)).toContain("[2,");
  expect(joins).toHaveLength(CLIENTS);
  expect(most(joins)).toBeLessThanOrEqual(2 * Math.ceil(10 / WORK));
  for (const socket of sockets) socket.destroy();
});

it("a login that waits for its turn is decided by the config that was reloaded meanwhile", async () => {
  const sockets = await connected();
  for (const socket of sockets) {
    socket.write(REQUEST);
    await once(socket, "data");
  }
  const { router } = running;
  let [isReloading, atReload] = [false, 0];
  const reloaded = new Promise<void>((resolve, reject) => {
    onJoined = () => {
      // In the turn after the first one all others are decided, and wait.
      if (turn === joins[0] || isReloading) return;
      isReloading = true;
      const other = configWith({ ticket: { type: "static", principals: {} } });
      router.reload(other as unknown as WampgateConfig).then(() => {
        atReload = joins.length;
        resolve();
      }, reject);
    };
  });
  const hello = Buffer.from(JSON.stringify([1, "realm1", { roles: { caller: {} } }]));
  const ends = sockets.map((socket) => once(socket, "close"));
  for (const socket of sockets)
    socket.write(Buffer.concat([Uint8Array.of(0x81, 0x80 | hello.length, 0, 0, 0, 0), hello]));
  await reloaded;
  expect(atReload).toBeLessThan(CLIENTS);
  await Promise.all(ends);
  expect(joins).toHaveLength(atReload);
});

it("a client that leaves before its turn has come harms none", async () => {
  const sockets = await connected();
  for (const socket of sockets) socket.write(REQUEST);
  while (turns.length === 0) await new Promise(setImmediate);
  for (const socket of sockets) socket.resetAndDestroy();
  while (running.router.stats.transports[0]?.pendingLogins !== 0) await new Promise(setImmediate);
  const [last] = await connected();
  last?.write(REQUEST);
  const [answer] = (await once(last as Socket, "data")) as [Buffer];
  expect(String(answer)).toMatch(/^HTTP\/1\.1 101/);
});
