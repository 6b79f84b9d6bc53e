import type { Socket } from "node:net";
import { Code } from "@wampgate/core";
import { makeTls } from "../support/certificate.ts";
import {
  clientFrame,
  gone,
  joinLight,
  logIn,
  openSocket,
  openWebSocket,
  upgradeRequest,
} from "../support/light-client.ts";
import { eventually, inParallel, report, sizeOf } from "../support/load.ts";
import { RouterProcess } from "../support/router-process.ts";

const OF_EACH_KIND = sizeOf(25, 100);

/** How many log in meanwhile, at each door. */
const INNOCENTS = 25;

const AUTH_TIMEOUT = 3000;

/** What never comes to its end, byte by byte. */
const ENDLESS = "x".repeat(10_000);
const HELLO = Buffer.from(JSON.stringify([1, "realm1", { roles: {}, authid: ENDLESS }]));

interface Door {
  readonly plain: string;
  readonly secure: string;
  readonly raw: string;
}

interface Slow {
  readonly open: (door: Door) => Promise<Socket>;
  readonly bytes: Buffer;
  /** Between two bytes, in milliseconds. */
  readonly every: number;
}

const headers = Buffer.from(upgradeRequest().replace("\r\n\r\n", `\r\nX-Endless: ${ENDLESS}`));

const KINDS: readonly [string, Slow][] = [
  ["HTTP headers", { open: ({ plain }) => openSocket(plain), bytes: headers, every: 50 }],
  ["HTTP headers in TLS", { open: ({ secure }) => openSocket(secure), bytes: headers, every: 50 }],
  [
    "a TLS handshake",
    {
      open: ({ secure }) => openSocket(secure.replace("wss:", "ws:")),
      // A record that announces 16 KiB of ClientHello (RFC 8446 section 5.1).
      bytes: Buffer.concat([Buffer.from("160301400001003ffc0303", "hex"), Buffer.alloc(10_000)]),
      every: 50,
    },
  ],
  [
    "HELLO in a WebSocket frame",
    { open: ({ plain }) => openWebSocket(plain), bytes: clientFrame(1, HELLO), every: 50 },
  ],
  ["a RawSocket handshake", { open: ({ raw }) => openSocket(raw), bytes: Buffer.of(0x7f, 0xf1, 0, 0), every: 4000 }],
  [
    "HELLO in a RawSocket frame",
    {
      open: ({ raw }) => openSocket(raw),
      bytes: Buffer.concat([Buffer.of(0x7f, 0xf1, 0, 0, 0, 0, 0x40, 0), HELLO]),
      every: 50,
    },
  ],
];

/** Sends byte by byte. @returns how many milliseconds later the router ended it */
async function drip(socket: Socket, { bytes, every }: Slow): Promise<number> {
  const began = performance.now();
  let sent = 0;
  const timer = setInterval(() => socket.write(bytes.subarray(sent, ++sent)), every);
  socket.resume();
  await gone(socket);
  clearInterval(timer);
  expect(sent).toBeLessThan(bytes.length); // it was ended before it came to its end
  return performance.now() - began;
}

it(`who drips its handshake, in one of ${KINDS.length} ways, is ended by a deadline, and the others get in meanwhile`, async () => {
  const tls = await makeTls();
  const auth = {
    anonymous: { type: "static", role: "user" },
    ticket: { type: "static", principals: { joe: { ticket: "secret", role: "user" } } },
  };
  const transport = (type: string, more: object): object => ({
    type,
    endpoint: { type: "tcp", port: 0, ...more },
    "auth-timeout": AUTH_TIMEOUT,
    auth,
  });
  const router = await RouterProcess.start({
    plugins: ["@wampgate/auth-anonymous", "@wampgate/auth-ticket"],
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
    transports: [
      transport("websocket", {}),
      transport("websocket", { host: "127.0.0.2", tls }),
      transport("rawsocket", {}),
    ],
  });
  const [plain, secure, raw] = router.urls as [string, string, string];
  const witness = await joinLight(plain);
  const dripping = KINDS.map(async ([name, slow]) => {
    const times = await inParallel(OF_EACH_KIND, OF_EACH_KIND, async () =>
      drip(await slow.open({ plain, secure, raw }), slow),
    );
    return `${name} ${Math.round(Math.max(...times))} ms`;
  });

  const login = { authmethod: "ticket", authid: "joe", secret: "secret" } as const;
  for (const url of [plain, secure]) {
    const answers = await inParallel(INNOCENTS, 1, async () => {
      const { client, answer } = await logIn(url, login);
      client.close();
      return answer[0];
    });
    expect(answers).toEqual(Array(INNOCENTS).fill(Code.WELCOME));
  }

  report(`dripped handshakes, ${OF_EACH_KIND} of each kind, ended within: ${(await Promise.all(dripping)).join(", ")}`);
  witness.send(Code.CALL, 1, {}, "wamp.session.count");
  expect(await witness.next()).toEqual([Code.RESULT, 1, {}, [1]]);
  await eventually(async () => (await router.resources()).sockets === 1); // the witness
  expect(await router.stop()).toBe(0);
}, 120_000);
