import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Code } from "@wampgate/core";
import { logIn } from "../support/light-client.ts";
import { addressOf, report, sizeOf } from "../support/load.ts";
import { RouterProcess } from "../support/router-process.ts";

const LOGINS = sizeOf(500, 5000);

/** How many of them begin before the authenticator is killed, and how many of those it has answered by then. */
const BEFORE = LOGINS * 0.6;
const ANSWERED = LOGINS * 0.2;

const URI = "com.example.authenticate";

const config = {
  plugins: ["@wampgate/auth-ticket", "@wampgate/auth-dynamic"],
  realms: [
    {
      name: "realm-auth",
      roles: [{ name: "authenticator", permissions: [{ uri: URI, match: "exact", allow: { register: true } }] }],
    },
    { name: "realm1", roles: [{ name: "user", "allow-by-default": true }] },
  ],
  transports: [
    {
      type: "websocket",
      endpoint: { type: "tcp", port: 0 },
      "auth-timeout": 60_000,
      auth: {
        ticket: [
          { type: "static", principals: { authenticator: { ticket: "its own ticket", role: "authenticator" } } },
          { type: "dynamic", authenticator: URI, "authenticator-realm": "realm-auth", timeout: 30_000, wait: 30_000 },
        ],
      },
    },
  ],
};

/** Starts the authenticator. @param answers how often it answers */
async function startAuthenticator(url: string, answers: number) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "authenticator.mjs")], {
    env: { ...process.env, NODE_OPTIONS: "", URL: url, ANSWERS: String(answers) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const approved = new Set<string>();
  let asked = 0;
  const lines = createInterface({ input: child.stdout });
  const wasAsked = new Promise<void>((resolve) => {
    lines.on("line", (line) => {
      if (line.startsWith("approved ")) approved.add(line.slice("approved ".length));
      if (line.startsWith("asked ") && ++asked === BEFORE) resolve();
    });
  });
  const closed = once(lines, "close");
  await Promise.race([once(lines, "line"), closed]);
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await closed;
  };
  return { approved, wasAsked, kill };
}

it(`an authenticator is killed in the middle of ${LOGINS} logins: nobody comes in without its word, and all get an answer`, async () => {
  const router = await RouterProcess.start(config);
  const first = await startAuthenticator(router.url, ANSWERED);
  const logins = (from: number, to: number) =>
    Array.from({ length: to - from }, async (_, i) => {
      const authid = `user${from + i}`;
      const isRight = i % 5 !== 0;
      const secret = isRight ? `ticket of ${authid}` : "another's";
      const { client, answer } = await logIn(
        router.url,
        { authmethod: "ticket", authid, secret },
        { from: addressOf(i) },
      );
      if (answer[0] === Code.WELCOME) client.close();
      await client.closed;
      return { authid, isRight, isIn: answer[0] === Code.WELCOME, reason: answer[2] };
    });

  const before = logins(0, BEFORE);
  await first.wasAsked;
  await first.kill();
  const cut = await Promise.all(before);
  const waiting = logins(BEFORE, LOGINS); // nobody is there to decide: they wait
  const second = await startAuthenticator(router.url, LOGINS);
  const late = await Promise.all(waiting);

  const outcomes = [...cut, ...late];
  const approved = new Set([...first.approved, ...second.approved]);
  expect(outcomes.filter(({ authid, isIn }) => isIn && !approved.has(authid))).toEqual([]);
  expect(outcomes.filter(({ isIn, isRight }) => isIn && !isRight)).toEqual([]);
  const lost = cut.filter(({ isIn, reason }) => !isIn && reason !== "com.example.wrong_ticket");
  expect(lost.length).toBeGreaterThanOrEqual(BEFORE - ANSWERED);
  expect(new Set(lost.map(({ reason }) => reason))).toEqual(new Set(["wamp.error.authentication_failed"]));
  expect(late.filter(({ isIn, isRight }) => isIn !== isRight)).toEqual([]);

  report(
    `authenticator killed in the middle of ${LOGINS} logins: ${lost.length} that it held got ABORT, ` +
      `the ${late.length} that came before it was back were decided by it`,
  );
  await second.kill();
  expect(await router.stop()).toBe(0);
}, 120_000);
