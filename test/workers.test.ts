import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { Code } from "@wampgate/core";
import type { WireMessage } from "@wampgate/plugin-testkit";
import { Secret, TOTP } from "otpauth";
import { type CliRouter, folderWith, run, startCli } from "./support/cli.ts";
import { freePort } from "./support/free-port.ts";
import { connectRaw, hangUp, type RawClient } from "./support/raw-client.ts";

// `wampgate start --workers`: several processes on one port, which act as one router.

// Each test starts several processes, on machines that may have other work.
jest.setTimeout(60_000);

afterEach(hangUp);

const TOPIC = "com.example.topic";
const PROCEDURE = "com.example.procedure";

const configFor = (port: number, more = "", endpoint = `{ type: tcp, host: 127.0.0.1, port: ${port} }`): string => `
plugins: ["@wampgate/auth-anonymous"]
realms: [{ name: realm1, roles: [{ name: user, allow-by-default: true }] }]
transports:
  - type: websocket
    endpoint: ${endpoint}
    auth: { anonymous: { type: static, role: user } }
${more}`;

function withPlugin(config: string, plugin: string | null): string {
  if (plugin === null) return config;
  return config.replace('"@wampgate/auth-anonymous"', `"@wampgate/auth-anonymous", "@wampgate/${plugin}"`);
}

interface Running {
  readonly router: CliRouter;
  readonly folder: string;
  readonly port: number;
}

async function start(
  workers: number,
  more = "",
  files: Record<string, string> = {},
  plugin: "metrics" | "cluster" | null = null,
): Promise<Running> {
  const port = await freePort();
  const folder = await folderWith({ "wampgate.config.yaml": withPlugin(configFor(port, more), plugin), ...files });
  return { router: await startCli(folder, {}, { flags: ["--workers", String(workers)] }), folder, port };
}

async function stop({ router }: Running): Promise<void> {
  hangUp();
  router.kill("SIGTERM");
  expect(await router.ended).toBe(0);
}

async function joined(url: string): Promise<RawClient> {
  const client = await connectRaw(url);
  client.hello({ roles: { caller: {}, callee: {}, publisher: {}, subscriber: {} } });
  await client.welcomed();
  return client;
}

/** One after the other, so that the system deals them out to the workers in turn. */
async function clientsOf(url: string, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let i = 0; i < count; i++) clients.push(await joined(url));
  return clients;
}

/** The processes of the workers, by name. */
function processesOf({ lines }: CliRouter): Map<string, number> {
  const processes = new Map<string, number>();
  for (const line of lines) {
    const { msg, worker, process } = JSON.parse(line) as { msg: string; worker: string; process: number };
    if (msg === "a worker runs") processes.set(worker, process);
  }
  return processes;
}

/** Clients of which each one calls the next one all the time, so that there are calls between all workers. */
class Load {
  readonly closed = new Set<number>();
  /** What no client should get. */
  readonly problems: unknown[] = [];
  readonly #answered: number[];
  #request = 1;
  #changed = (): void => undefined;
  readonly #ends = new Map<unknown, number>();

  /** How many calls ended with this error. */
  ends(uri: string): number {
    return this.#ends.get(uri) ?? 0;
  }

  /** @param clients each has registered the procedure of its number */
  constructor(clients: readonly RawClient[]) {
    this.#answered = clients.map(() => 0);
    for (const [i, client] of clients.entries()) {
      client.socket.once("close", () => {
        this.closed.add(i);
        this.#changed();
      });
      this.#run(client, i).catch(() => undefined);
    }
  }

  /** Resolves when each client that is left, and has one to call, has got as many more answers. */
  async more(count: number): Promise<void> {
    const goals = this.#answered.map((answered) => answered + count);
    const isDone = (answered: number, i: number): boolean => {
      const next = (i + 1) % this.#answered.length;
      return this.closed.has(i) || this.closed.has(next) || answered >= (goals[i] ?? 0);
    };
    while (!this.#answered.every(isDone)) await new Promise<void>((resolve) => (this.#changed = resolve));
  }

  async #run(client: RawClient, i: number): Promise<void> {
    const next = `${PROCEDURE}${(i + 1) % this.#answered.length}`;
    const call = (): void => client.send(Code.CALL, ++this.#request, {}, next, [i]);
    for (call(); ;) {
      const [code, request, reason, , uri] = await client.next();
      if (code === Code.GOODBYE) {
        this.problems.push(reason);
        client.send(Code.GOODBYE, {}, "wamp.close.goodbye_and_out");
      } else if (code === Code.INVOCATION) client.send(Code.YIELD, request, {}, ["answer"]);
      else {
        this.#ended(i, code, uri);
        setImmediate(call);
      }
    }
  }

  #ended(i: number, code: unknown, uri: unknown): void {
    if (code === Code.ERROR) this.#ends.set(uri, this.ends(String(uri)) + 1);
    const isOfTheLost = uri === "wamp.error.canceled" || uri === "wamp.error.no_such_procedure";
    if (code === Code.RESULT) this.#answered[i] = (this.#answered[i] ?? 0) + 1;
    else if (code !== Code.ERROR || !isOfTheLost) this.problems.push([code, uri]);
    this.#changed();
  }
}

it("clients of all workers meet on one port: they call each other, hear each other and see each other", async () => {
  const running = await start(3);
  const clients = await clientsOf(running.router.url, 6);
  const [callee, ...others] = clients as [RawClient, ...RawClient[]];
  callee.send(Code.REGISTER, 1, {}, PROCEDURE);
  await callee.expect(Code.REGISTERED);
  for (const client of others) {
    client.send(Code.CALL, 1, {}, PROCEDURE, ["hello"]);
    const [, invocation, , , args] = await callee.expect(Code.INVOCATION);
    callee.send(Code.YIELD, invocation, {}, args);
    expect(await client.next()).toEqual([Code.RESULT, 1, {}, ["hello"]]);
    client.send(Code.SUBSCRIBE, 2, {}, TOPIC);
    await client.expect(Code.SUBSCRIBED);
  }
  callee.send(Code.PUBLISH, 2, {}, TOPIC, ["news"]);
  for (const client of others) expect((await client.expect(Code.EVENT))[4]).toEqual(["news"]);
  callee.send(Code.CALL, 3, {}, "wamp.session.count");
  expect(await callee.next()).toEqual([Code.RESULT, 3, {}, [6]]);
  expect(processesOf(running.router).size).toBe(3);
  await stop(running);
});

it("a worker that is killed under load costs its own clients their connection, and nobody else; it comes back", async () => {
  const running = await start(3);
  const { router } = running;
  const clients = await clientsOf(router.url, 6);
  for (const [i, client] of clients.entries()) {
    client.send(Code.REGISTER, 1, {}, `${PROCEDURE}${i}`);
    await client.expect(Code.REGISTERED);
  }
  const load = new Load(clients);
  const before = processesOf(router);
  const [name, victim] = [...before].at(-1) as [string, number];
  await load.more(50);
  process.kill(victim, "SIGKILL");
  await router.logged(/a worker has ended/);
  await load.more(50);
  expect(load.closed.size).toBe(2);
  expect(load.problems).toEqual([]);
  await router.logged(/a worker runs/, 4);
  expect(processesOf(router).get(name)).not.toBe(victim);
  expect(clients.filter(({ socket }) => socket.readyState === socket.OPEN)).toHaveLength(4);
  // What the killed one's clients had registered is free, and whoever comes meets all others.
  const [one, other] = (await clientsOf(router.url, 3)) as [RawClient, RawClient];
  const [lost] = load.closed;
  one.send(Code.REGISTER, 1, {}, `${PROCEDURE}${lost}`);
  await one.expect(Code.REGISTERED);
  other.send(Code.CALL, 1, {}, "wamp.session.count");
  expect(await other.next()).toEqual([Code.RESULT, 1, {}, [7]]);
  await stop(running);
});

it("a worker that stands still is gone for the others, and whole again when it goes on: its clients noticed nothing", async () => {
  const more = "cluster: { type: workers, heartbeat: 50, dead-after: 300 }";
  const running = await start(2, more, {}, "cluster");
  const { router } = running;
  const clients = await clientsOf(router.url, 2);
  const [pid] = [...processesOf(router).values()];
  const procedures = clients.map((_client, i) => `${PROCEDURE}${i}`);
  for (const [i, client] of clients.entries()) {
    client.send(Code.REGISTER, 1, {}, procedures[i]);
    await client.expect(Code.REGISTERED);
  }
  process.kill(pid as number, "SIGSTOP");
  await router.logged(/another node is gone: it says nothing/);
  process.kill(pid as number, "SIGCONT");
  let request = 1;
  for (const client of clients) {
    for (;;) {
      client.send(Code.CALL, ++request, {}, "wamp.session.count");
      const [, , , args] = await client.expect(Code.RESULT);
      if ((args as number[])[0] === 2) break;
    }
  }
  for (const [i, client] of clients.entries()) {
    const callee = clients[1 - i] as RawClient;
    client.send(Code.CALL, ++request, {}, procedures[1 - i]);
    const [, invocation] = await callee.expect(Code.INVOCATION);
    callee.send(Code.YIELD, invocation, {}, ["back"]);
    expect(await client.next()).toEqual([Code.RESULT, request, {}, ["back"]]);
  }
  await stop(running);
});

it("after SIGTERM a call between two workers gets its RESULT; then all get GOODBYE, and it ends with 0", async () => {
  const running = await start(2);
  const { router } = running;
  const [callee, , caller] = (await clientsOf(router.url, 3)) as [RawClient, RawClient, RawClient];
  const [, other] = (await clientsOf(router.url, 2)) as [RawClient, RawClient];
  callee.send(Code.REGISTER, 1, {}, PROCEDURE);
  await callee.expect(Code.REGISTERED);
  const callers = [caller, other];
  const invocations: unknown[] = [];
  for (const client of callers) {
    client.send(Code.CALL, 1, {}, PROCEDURE);
    invocations.push((await callee.expect(Code.INVOCATION))[1]);
  }
  router.kill("SIGTERM");
  await router.logged(/taking no new clients/);
  for (const [i, client] of callers.entries()) {
    callee.send(Code.YIELD, invocations[i], {}, ["done"]);
    expect(await client.next()).toEqual([Code.RESULT, 1, {}, ["done"]]);
  }
  for (const client of [callee, ...callers])
    expect(await client.next()).toMatchObject([Code.GOODBYE, {}, "wamp.close.system_shutdown"]);
  hangUp();
  expect(await router.ended).toBe(0);
  expect(router.lines.filter((line) => line.includes('"msg":"stopped"'))).toHaveLength(3);
});

it("after SIGTERM under load no call between workers is canceled, all get GOODBYE, and it ends without waiting for its time to be up", async () => {
  const running = await start(2, "shutdown-timeout: 60000");
  const { router } = running;
  const clients = await clientsOf(router.url, 4);
  for (const [i, client] of clients.entries()) {
    client.send(Code.REGISTER, 1, {}, `${PROCEDURE}${i}`);
    await client.expect(Code.REGISTERED);
  }
  const load = new Load(clients);
  await load.more(50);
  router.kill("SIGTERM");
  expect(await router.ended).toBe(0);
  expect(load.problems).toEqual(clients.map(() => "wamp.close.system_shutdown"));
  expect(load.ends("wamp.error.canceled")).toBe(0);
}, 30_000);

it("SIGHUP reloads the config in all workers; a wrong one stays out of all of them", async () => {
  const running = await start(2);
  const { router, folder, port } = running;
  const clients = await clientsOf(router.url, 2);
  const file = join(folder, "wampgate.config.yaml");
  const changed = configFor(port).replace("allow-by-default: true", "allow-by-default: false");
  await writeFile(file, `${changed}nonsense: true\n`);
  router.kill("SIGHUP");
  await router.logged(/the config was not reloaded/);
  await writeFile(file, changed);
  router.kill("SIGHUP");
  await router.logged(/the config was reloaded/, 2);
  for (const client of clients) {
    client.send(Code.CALL, 1, {}, PROCEDURE);
    expect((await client.expect(Code.ERROR))[4]).toBe("wamp.error.not_authorized");
  }
  await stop(running);
});

it("components run in the first worker alone, and clients of all workers reach them", async () => {
  const component = `export default async (session) => { await session.register("${PROCEDURE}", () => process.env.WAMPGATE_WORKER); };`;
  const running = await start(2, "components: [{ module: ./component.mjs, realm: realm1, role: user }]", {
    "component.mjs": component,
  });
  for (const client of await clientsOf(running.router.url, 2)) {
    client.send(Code.CALL, 1, {}, PROCEDURE);
    expect(await client.next()).toEqual([Code.RESULT, 1, {}, [expect.stringMatching(/-1$/)]]);
  }
  await stop(running);
});

it("a worker that is started again has what is retained, and the history of topics", async () => {
  const port = await freePort();
  const history = `options: { event-history: [{ uri: ${TOPIC}, limit: 10 }] }`;
  const config = configFor(port).replace("realms: [{ name: realm1,", `realms: [{ name: realm1, ${history},`);
  const folder = await folderWith({ "wampgate.config.yaml": config });
  const router = await startCli(folder, {}, { flags: ["--workers", "2"] });
  const clients = await clientsOf(router.url, 2);
  for (const client of clients) {
    client.send(Code.SUBSCRIBE, 1, {}, TOPIC);
    await client.expect(Code.SUBSCRIBED);
  }
  for (const [i, client] of clients.entries()) {
    client.send(Code.PUBLISH, 2, { exclude_me: false, retain: true }, TOPIC, [i]);
    // What a killed worker has not sent yet is lost.
    for (const other of clients) expect((await other.expect(Code.EVENT))[4]).toEqual([i]);
  }
  const [victim] = [...processesOf(router).values()].slice(-1);
  process.kill(victim as number, "SIGKILL");
  await router.logged(/a worker runs/, 3);
  hangUp();
  for (const client of await clientsOf(router.url, 2)) {
    client.send(Code.CALL, 1, {}, "wamp.subscription.lookup", [TOPIC]);
    const [, , , [id] = []] = (await client.expect(Code.RESULT)) as [number, number, object, unknown[]?];
    client.send(Code.CALL, 2, {}, "wamp.subscription.get_events", [id]);
    const [, , , [events] = []] = (await client.expect(Code.RESULT)) as [
      number,
      number,
      object,
      { args: unknown }[][]?,
    ];
    expect(events?.map(({ args }) => args)).toEqual([[0], [1]]);
    client.send(Code.SUBSCRIBE, 3, { get_retained: true }, TOPIC);
    await client.expect(Code.SUBSCRIBED);
    expect((await client.expect(Code.EVENT))[4]).toEqual([1]);
  }
  await stop({ router, folder, port });
});

const LOGINS = (port: number): string => `
plugins: ["@wampgate/auth-ticket", "@wampgate/auth-totp"]
realms: [{ name: realm1, roles: [{ name: user, allow-by-default: true }] }]
transports:
  - type: websocket
    endpoint: { type: tcp, host: 127.0.0.1, port: ${port} }
    max-failed-logins-per-address: 5
    auth:
      ticket: { type: static, then: totp, principals: { joe: { ticket: right, role: user } } }
      totp: { type: static, alone: false, window: 5, principals: { joe: { seed: ${SEED} } } }
`;
const SEED = "CACKN3GRF3KQZMEK";

/** A client that has answered the first CHALLENGE, or was refused before it. */
async function withTicket(url: string, ticket: string): Promise<{ client: RawClient; last: WireMessage }> {
  const client = await connectRaw(url);
  client.hello({ authid: "joe", authmethods: ["ticket"] });
  const first = await client.next();
  if (first[0] !== Code.CHALLENGE) return { client, last: first };
  client.authenticate(ticket);
  return { client, last: await client.next() };
}

it("a code counts once for all workers, and so does each guess at a ticket", async () => {
  const port = await freePort();
  const folder = await folderWith({ "wampgate.config.yaml": LOGINS(port) });
  const router = await startCli(folder, {}, { flags: ["--workers", "3"] });
  const totp = new TOTP({ secret: Secret.fromBase32(SEED) });
  // Two are refused each time: a third time would be held back.
  for (const step of [-2, -1]) {
    const code = totp.generate({ timestamp: Date.now() + step * 30_000 });
    const clients: RawClient[] = [];
    for (let i = 0; i < 3; i++) clients.push((await withTicket(router.url, "right")).client);
    for (const client of clients) client.authenticate(code);
    const answers = await Promise.all(clients.map((client) => client.next()));
    expect(answers.map(([answer]) => answer).sort()).toEqual([Code.WELCOME, Code.ABORT, Code.ABORT]);
    hangUp();
  }
  let tries = 0;
  for (; tries < 20; tries++) {
    const { client, last } = await withTicket(router.url, `guess ${tries}`);
    if (last[0] === Code.ABORT) break;
    client.authenticate("000000");
    await client.expect(Code.ABORT);
  }
  // Of five in a minute, four were used up. A guess may come just before others are told of the one before it.
  expect(tries).toBeLessThanOrEqual(4);
  await stop({ router, folder, port });
});

it.each([
  [
    "port 0",
    { endpoint: "{ type: tcp, host: 127.0.0.1, port: 0 }" },
    "transports[0].endpoint: workers cannot share port 0: give a port",
  ],
  [
    "a Unix socket",
    { endpoint: "{ type: unix, path: /tmp/wampgate.sock }" },
    "workers cannot share a Unix socket: take type tcp",
  ],
  ["a mistake in the config", { more: "nonsense: true" }, "nonsense: unknown key"],
])(
  "workers refuse %s with a sentence, once, and the command ends with 2",
  async (_what, { endpoint, more }: { endpoint?: string; more?: string }, expected) => {
    const folder = await folderWith({ "wampgate.config.yaml": configFor(8080, more, endpoint) });
    const { code, stderr } = await run(folder, ["start", "--workers", "2"]);
    expect(code).toBe(2);
    expect(stderr.split(expected)).toHaveLength(2);
  },
);

it("a port that is taken is told once, and the command ends with 1", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  const folder = await folderWith({ "wampgate.config.yaml": configFor(port) });
  const { code, stderr } = await run(folder, ["start", "--workers", "3"]);
  taken.close();
  expect(code).toBe(1);
  expect(stderr.split("another program listens there already")).toHaveLength(2);
  expect(stderr).toContain("WG_WORKER_START");
});

it("the side listener tells the metrics of all workers, and is ready while one of them is", async () => {
  const side = await freePort();
  const running = await start(
    2,
    `side: { endpoint: { type: tcp, host: 127.0.0.1, port: ${side} }, token-file: token }`,
    {},
    "metrics",
  );
  const clients = await clientsOf(running.router.url, 4);
  expect(clients).toHaveLength(4);
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${side}${path}`);
  const page = await (await get("/metrics")).text();
  const sessions = [...page.matchAll(/^wampgate_sessions\{worker="(\S+?)",.*\} (\d+)$/gm)];
  expect(sessions.map(([, worker, count]) => [worker?.slice(-2), count])).toEqual([
    ["-1", "2"],
    ["-2", "2"],
  ]);
  expect(page.match(/^# TYPE wampgate_sessions gauge$/gm)).toHaveLength(1);
  expect((await get("/readyz")).status).toBe(200);
  expect((await get("/healthz")).status).toBe(200);
  expect((await get("/secret")).status).toBe(401);
  await stop(running);
  await expect(get("/healthz")).rejects.toThrow();
});

it("metrics tell of a worker that stands still, and it is ready all the while; then that it is back", async () => {
  const side = await freePort();
  const more = `cluster: { type: workers, heartbeat: 50, dead-after: 300 }
side: { endpoint: { type: tcp, host: 127.0.0.1, port: ${side} }, token-file: token }`;
  const port = await freePort();
  const config = configFor(port, more).replace("plugins: [", 'plugins: ["@wampgate/cluster", "@wampgate/metrics", ');
  const router = await startCli(
    await folderWith({ "wampgate.config.yaml": config }),
    {},
    { flags: ["--workers", "2"] },
  );
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${side}${path}`);
  /** The values of a metric of the cluster, by worker. @param labels besides `worker` */
  const seen = async (name: string, labels = ""): Promise<Record<string, string>> => {
    const page = await (await get("/metrics")).text();
    const line = new RegExp(`^wampgate_cluster_${name}\\{worker="\\S+?-(\\d)"${labels}\\} (\\d+)$`, "gm");
    return Object.fromEntries([...page.matchAll(line)].map(([, worker = "", value = ""]) => [worker, value]));
  };
  expect(await seen("nodes")).toEqual({ 1: "2", 2: "2" });
  expect(await seen("connected")).toEqual({ 1: "1", 2: "1" });
  const [, pid] = [...processesOf(router)].find(([name]) => name.endsWith("-2")) as [string, number];
  process.kill(pid, "SIGSTOP");
  await router.logged(/another node is gone: it says nothing/);
  expect((await get("/readyz")).status).toBe(200);
  // What stands still does not answer: its part of the page is missing.
  expect(await seen("nodes")).toEqual({ 1: "1" });
  process.kill(pid, "SIGCONT");
  await router.logged(/another node is back/);
  while ((await seen("nodes"))["1"] !== "2");
  expect((await seen("gone_total", ',by="silence"'))["1"]).toBe("1");
  router.kill("SIGTERM");
  expect(await router.ended).toBe(0);
});

it("metrics on a port of their own are refused with workers, with what to do", async () => {
  const folder = await folderWith({
    "wampgate.config.yaml": withPlugin(configFor(await freePort()), "metrics"),
  });
  const { code, stderr } = await run(folder, ["start", "--workers", "2"]);
  expect(code).toBe(1);
  expect(stderr).toContain("give the config a side listener");
});

it.each(["0", "1.5", "many", "65"])("--workers %s is refused, and the command ends with 2", async (workers) => {
  const { code, stderr } = await run(await folderWith(), ["start", "--workers", workers]);
  expect(code).toBe(2);
  expect(stderr).toContain(`--workers is a number from 1 to 64, not ${workers}`);
});

it("a config with a cluster of workers needs --workers, and says so", async () => {
  const more = `cluster: { type: workers }`;
  const config = configFor(await freePort(), more).replace(
    '"@wampgate/auth-anonymous"',
    '"@wampgate/auth-anonymous", "@wampgate/cluster"',
  );
  const { code, stderr } = await run(await folderWith({ "wampgate.config.yaml": config }), ["start"]);
  expect(code).toBe(1);
  expect(stderr).toContain("run wampgate start --workers 4, or remove cluster from the config");
});
