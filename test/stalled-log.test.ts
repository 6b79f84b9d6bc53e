import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { Code } from "@wampgate/core";
import { type CliRouter, folderWith, startCli } from "./support/cli.ts";
import { connectRaw } from "./support/raw-client.ts";

// The log never holds the router up: whoever reads it may stand still, be gone, or come back.

// Each test starts a process, on machines that may have other work.
jest.setTimeout(60_000);

/** Logins whose lines are more than a pipe holds, which is 64 KiB, and than may wait. */
const MANY = 200;
const BUFFER = 8192;

const CONFIG = {
  plugins: ["@wampgate/auth-ticket"],
  log: { buffer: BUFFER },
  realms: [{ name: "realm1", roles: [{ name: "user", permissions: [] }] }],
  transports: [
    {
      type: "websocket",
      endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
      auth: { ticket: { type: "static", principals: { joe: { ticket: "a ticket", role: "user" } } } },
    },
  ],
  components: [] as object[],
};

/** A router whose stderr is a descriptor of this process, or a socket that nobody reads. */
async function start(
  stderr: number | "unread",
  config: object = CONFIG,
  more: Record<string, string> = {},
): Promise<CliRouter> {
  return startCli(await folderWith({ "wampgate.config.json": JSON.stringify(config), ...more }), {}, { stderr });
}

/** Both ends of a pipe: `reader` does not wait for what is not there yet. */
async function pipe(): Promise<{ reader: number; writer: number }> {
  const path = join(await folderWith(), "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, writer: openSync(path, "w") };
}

async function login(url: string, ticket: string): Promise<unknown> {
  const client = await connectRaw(url);
  // A long name, so that few logins make much log.
  client.hello({ authid: ticket === "a ticket" ? "joe" : `nobody-${"x".repeat(1000)}`, authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  client.authenticate(ticket);
  const [code] = await client.next();
  client.socket.terminate();
  return code;
}

async function fail(url: string, times = MANY): Promise<void> {
  for (let i = 0; i < times; i += 20) {
    const codes = await Promise.all(Array.from({ length: Math.min(20, times - i) }, () => login(url, "wrong")));
    expect(new Set(codes)).toEqual(new Set([Code.ABORT]));
  }
}

/** What is in the pipe: null at its end. */
function read(reader: number): string | null {
  const bytes = Buffer.alloc(65_536);
  try {
    const count = readSync(reader, bytes);
    return count === 0 ? null : bytes.toString("utf8", 0, count);
  } catch (error) {
    expect(error).toMatchObject({ code: "EAGAIN" });
    return "";
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Reads until `isEnough`, or to the end. */
async function readUntil(reader: number, isEnough: (text: string) => boolean): Promise<string> {
  let text = "";
  while (!isEnough(text)) {
    const more = read(reader);
    if (more === null) break;
    text += more;
    await turn();
  }
  return text;
}

const entriesOf = (text: string): Record<string, unknown>[] =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("a router whose stderr nobody reads", () => {
  it("goes on serving, and tells who reads again how many lines were dropped", async () => {
    const { reader, writer } = await pipe();
    const router = await start(writer);
    closeSync(writer);
    await fail(router.url);
    expect(await login(router.url, "a ticket")).toBe(Code.WELCOME);
    const text = await readUntil(reader, (found) => /"limit":"log.buffer".*\n/.test(found));
    const told = entriesOf(text).find(({ limit }) => limit === "log.buffer");
    const seen = entriesOf(text).filter(({ login: outcome }) => outcome !== undefined).length;
    expect(told).toMatchObject({ level: 40, limit: "log.buffer" });
    // The login that was let in is a line too, and so may be the end of its session.
    expect([MANY + 1, MANY + 2]).toContain(seen + Number(told?.["lines"]));
    router.kill("SIGTERM");
    const rest = await readUntil(reader, () => false);
    expect(entriesOf(rest).map(({ msg }) => msg)).toContainEqual(expect.stringMatching(/no new clients/));
    expect(await router.ended).toBe(0);
    closeSync(reader);
  });

  it.each(["a pipe", "a socket"])("ends with 0 at SIGTERM, where it is %s", async (kind) => {
    const { reader, writer } = kind === "a pipe" ? await pipe() : { reader: -1, writer: "unread" as const };
    const router = await start(writer);
    // Sockets hold more than pipes.
    await fail(router.url, kind === "a pipe" ? MANY : 2 * MANY);
    expect(await login(router.url, "a ticket")).toBe(Code.WELCOME);
    router.kill("SIGTERM");
    expect(await router.ended).toBe(0);
    if (typeof writer === "number") for (const fd of [reader, writer]) closeSync(fd);
  });

  it("ends with 1 at an error that nobody catches, whose line is the last that is read", async () => {
    const { reader, writer } = await pipe();
    const component = `export default (session) => {
      process.once("SIGUSR2", () => { for (let i = 0; i < 200; i++) console.error("x".repeat(999)); throw new Error("the last word"); });
    };`;
    const components = [{ module: "./late.mjs", realm: "realm1", role: "user" }];
    const router = await start(writer, { ...CONFIG, log: {}, components }, { "late.mjs": component });
    closeSync(writer);
    router.kill("SIGUSR2");
    const text = await readUntil(reader, () => false);
    expect(text).toMatch(/Error: the last word\n\s+at .*late\.mjs/);
    expect(await router.ended).toBe(1);
    closeSync(reader);
  });
});

it("a router whose stderr is closed goes on serving, and ends with 0 at SIGTERM", async () => {
  const { reader, writer } = await pipe();
  const router = await start(writer);
  for (const fd of [reader, writer]) closeSync(fd);
  await fail(router.url, 20);
  expect(await login(router.url, "a ticket")).toBe(Code.WELCOME);
  router.kill("SIGTERM");
  expect(await router.ended).toBe(0);
});

it.each(["a file", "a pipe that is read at the end"])("no line is lost where stderr is %s", async (kind) => {
  const path = join(await folderWith(), "log");
  const { reader, writer } = kind === "a file" ? { reader: -1, writer: openSync(path, "w") } : await pipe();
  const router = await start(writer, { ...CONFIG, log: {} });
  closeSync(writer);
  await fail(router.url);
  router.kill("SIGTERM");
  const text = kind === "a file" ? "" : await readUntil(reader, () => false);
  expect(await router.ended).toBe(0);
  const entries = entriesOf(kind === "a file" ? readFileSync(path, "utf8") : text);
  expect(entries.filter(({ login: outcome }) => outcome === "refused")).toHaveLength(MANY);
  expect(entries.at(-1)?.["msg"]).toBe("stopped");
});
