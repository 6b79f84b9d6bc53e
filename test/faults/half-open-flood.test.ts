import type { Socket } from "node:net";
import { Code } from "@wampgate/core";
import { clientFrame, gone, joinLight, logIn, openSocket, openWebSocket } from "../support/light-client.ts";
import { addressOf, eventually, inParallel, report, sizeOf } from "../support/load.ts";
import { RouterProcess } from "../support/router-process.ts";

const FLOOD = sizeOf(3000, 12_000);

/** How many of the flood connect at the same time. */
const AT_ONCE = 200;

/** How many log in while the flood comes, and how many while it stands. */
const INNOCENTS = 50;

const AUTH_TIMEOUT = 6000;

const auth = {
  anonymous: { type: "static", role: "user" },
  ticket: { type: "static", principals: { joe: { ticket: "secret", role: "user" } } },
};
const config = {
  plugins: ["@wampgate/auth-anonymous", "@wampgate/auth-ticket"],
  realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
  transports: [
    { type: "websocket", endpoint: { type: "tcp", port: 0 }, "auth-timeout": AUTH_TIMEOUT, auth },
    { type: "rawsocket", endpoint: { type: "tcp", port: 0 }, "auth-timeout": AUTH_TIMEOUT, auth },
  ],
};

const HELLO = JSON.stringify([1, "realm1", { roles: { caller: {} }, authid: "joe", authmethods: ["ticket"] }]);

type Flooder = (websocket: string, rawsocket: string, from: string) => Promise<Socket>;

/** Opens a socket and writes what leaves the router waiting for more. */
const unfinished = async (opening: Promise<Socket>, ...parts: (string | Uint8Array)[]): Promise<Socket> => {
  const socket = await opening;
  for (const part of parts) socket.write(part);
  return socket;
};

const FLOODERS: readonly Flooder[] = [
  (websocket, _, from) => openSocket(websocket, { from }), // says nothing
  (websocket, _, from) => unfinished(openSocket(websocket, { from }), "GET /ws HTTP/1.1\r\nHost: localhost\r\n"),
  (websocket, _, from) => openWebSocket(websocket, { from }), // never says HELLO
  (websocket, _, from) => unfinished(openWebSocket(websocket, { from }), clientFrame(1, Buffer.from(HELLO))),
  (_, rawsocket, from) => openSocket(rawsocket, { from }),
  (_, rawsocket, from) => unfinished(openSocket(rawsocket, { from }), Uint8Array.of(0x7f, 0xf1, 0, 0, 0, 0, 1)),
];

/** Connects, and does not go on. @returns how many milliseconds later the router ended it */
async function flood(router: RouterProcess, i: number): Promise<{ ended: Promise<number> }> {
  const [websocket, rawsocket] = router.urls as [string, string];
  const from = addressOf(i);
  const began = performance.now();
  const end = (): number => performance.now() - began;
  try {
    const socket = await (FLOODERS[i % FLOODERS.length] as Flooder)(websocket, rawsocket, from);
    socket.resume();
    return { ended: gone(socket).then(end) };
  } catch {
    return { ended: Promise.resolve(end()) }; // it was not even taken
  }
}

/** Logs in, one after the other. @returns how many were let in */
async function innocents(url: string): Promise<number> {
  const answers = await inParallel(INNOCENTS, 1, async () => {
    const { client, answer } = await logIn(url, { authmethod: "ticket", authid: "joe", secret: "secret" });
    client.close();
    return answer;
  });
  return answers.filter(([code]) => code === Code.WELCOME).length;
}

it(`of ${FLOOD} connections that never log in each is ended by its deadline, and who means it gets in meanwhile`, async () => {
  const router = await RouterProcess.start(config);
  const witness = await joinLight(router.url);
  const [flooders, during] = await Promise.all([
    inParallel(FLOOD, AT_ONCE, (i) => flood(router, i)),
    innocents(router.url),
  ]);
  const { sockets: standing } = await router.resources();
  const against = await innocents(router.url);
  expect([during, against]).toEqual([INNOCENTS, INNOCENTS]);

  const times = await Promise.all(flooders.map(({ ended }) => ended));
  witness.send(Code.CALL, 1, {}, "wamp.session.count");
  expect(await witness.next()).toEqual([Code.RESULT, 1, {}, [1]]);
  await eventually(async () => (await router.resources()).sockets === 1); // the witness
  report(
    `${FLOOD} connections that never log in: ${standing} stood at once, each ended within ` +
      `${Math.round(Math.max(...times))} ms; ${during + against} innocent logins meanwhile, all let in`,
  );
  expect(await router.stop()).toBe(0);
}, 120_000);
