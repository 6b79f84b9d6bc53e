import { Code, createRouter, definePlugin, type LocalSession, type Plugin } from "@wampgate/core";
import { CapturedLog } from "@wampgate/plugin-testkit";
import { CORE_VERSION } from "../packages/core/src/plugins/load-plugins.ts";
import { connectRaw, hangUp } from "./support/raw-client.ts";
import { OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";

// What clients can make the router write to its log.

/** How much a client sends in one text, in bytes, and the most characters of a line. */
const HUGE = 2 * 1024 * 1024;
const LINE = 20_000;

let running: RunningRouter;
afterEach(() => {
  hangUp();
  return running.close();
});

const realms = [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }];

const chatty = definePlugin({
  name: "chatty",
  core: "*",
  apply({ hooks, log }) {
    hooks.hello.tap("chatty", (hello) => {
      log.info({ authextra: hello.authextra }, `hello of ${hello.authid ?? "nobody"}`);
      hello.log.warn({ hello: { ...hello } }, "all of it");
    });
    hooks.loginFailed.tap("chatty", (failure) => log.info({ failure }, "refused"));
  },
});

it("the router writes where it listens and which versions it has when it starts, and a line when it has stopped", async () => {
  running = await startRouter({ realms, auth: { anonymous: { type: "static", role: "user" } } });
  await running.close();
  expect(running.log.lines).toEqual([
    {
      level: "info",
      message: "started",
      fields: {
        urls: [running.url],
        version: CORE_VERSION,
        plugins: OFFICIAL.map(({ name, version }) => `${name} ${version}`),
        node: process.version,
      },
    },
    { level: "info", message: "stopped", fields: {} },
  ]);
});

it("a router that does not start writes neither", async () => {
  const auth = { anonymous: { type: "static", role: "user" } } as const;
  running = await startRouter({ realms, auth });
  const log = new CapturedLog();
  const { port } = new URL(running.url);
  const endpoint = { type: "tcp", host: "127.0.0.1", port: Number(port) } as const;
  const other = await createRouter(
    { plugins: OFFICIAL, realms, transports: [{ type: "websocket", endpoint, auth }] },
    { log },
  );
  await expect(other.start()).rejects.toThrow(port);
  expect(log.lines).toEqual([]);
});

it("no text of a client makes a long line, not even if a plugin logs it as it came", async () => {
  running = await startRouter({
    plugins: [...OFFICIAL, chatty] as readonly Plugin[],
    realms,
    transports: [
      {
        type: "websocket",
        endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
        "max-hello-size": 8 * HUGE,
        "max-message-size": 8 * HUGE,
        auth: { anonymous: { type: "static", role: "user" } },
      },
    ],
  });
  const huge = "y".repeat(HUGE);
  const client = await connectRaw(running.url);
  client.hello({ authid: huge, authmethods: [huge], authextra: { [huge]: [huge, { huge }] } });
  await client.aborted();
  const other = await connectRaw(running.url);
  other.hello({ authmethods: ["anonymous"] });
  await other.welcomed();
  other.send(48, 1, {}, huge);
  other.send(6, {}, huge);
  await other.closed;
  expect(running.log.lines.length).toBeGreaterThan(4);
  for (const line of running.log.lines) expect(JSON.stringify(line).length).toBeLessThan(LINE);
});

it("a procedure or event handler of a component that fails for each message of a client makes one line", async () => {
  let heard = 0;
  const fail = (): never => {
    throw new Error("no disk");
  };
  const module = async (session: LocalSession): Promise<void> => {
    await session.register("com.fails", fail);
    await session.subscribe("com.topic", () => {
      heard++;
      fail();
    });
  };
  const components = [{ module, realm: "realm1", role: "user" }];
  running = await startRouter({ realms, components, auth: { anonymous: { type: "static", role: "user" } } });
  const client = await connectRaw(running.url);
  client.hello({ authmethods: ["anonymous"] });
  await client.welcomed();
  for (let i = 1; i <= 100; i += 2) {
    client.send(16, i, {}, "com.topic");
    client.send(48, i + 1, {}, "com.fails");
    await client.expect(Code.ERROR);
  }
  expect(heard).toBe(50);
  const failures = running.log.lines
    .filter(({ level }) => level === "error")
    .map(({ fields, message }) => [message, fields["err"]]);
  const err = expect.objectContaining({ message: "no disk" }) as unknown;
  expect(failures.sort()).toEqual([
    ["a procedure failed", err],
    ["an event handler failed", err],
  ]);
});

it("events that a format cannot carry make one line, however many receivers there are", async () => {
  running = await startRouter({ realms, auth: { anonymous: { type: "static", role: "user" } } });
  const receivers = [await connectRaw(running.url), await connectRaw(running.url)];
  for (const receiver of receivers) {
    receiver.hello({ authmethods: ["anonymous"] });
    await receiver.welcomed();
    receiver.send(32, 1, {}, "com.topic");
    await receiver.expect(Code.SUBSCRIBED);
  }
  const session = running.router.session("realm1", { role: "user" });
  for (let i = 0; i < 20; i++) await session.publish("com.topic", [Number.NaN], {}, { acknowledge: true });
  const skipped = running.log.lines.filter(({ message }) => message.startsWith("an event was skipped"));
  expect(skipped).toMatchObject([
    { level: "warn", fields: { realm: "realm1", session: expect.any(Number) as number } },
  ]);
});
