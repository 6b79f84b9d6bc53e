import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describeWithNats } from "./support/nats-server.ts";

const ROOT = join(import.meta.dirname, "..");

function node(args: string[], env: Record<string, string> = {}) {
  return spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function outputOf(args: string[], env: Record<string, string> = {}): Promise<{ code: number; output: string }> {
  const child = node(args, env);
  let output = "";
  child.stdout.on("data", (data) => (output += String(data)));
  child.stderr.on("data", (data) => (output += String(data)));
  const [code] = (await once(child, "close")) as [number];
  return { code, output };
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return String(port);
}

describe("the example", () => {
  it.each([
    [
      "advanced",
      'user1, naming no realm: joined realm-user1 as user1, role user, welcome data {"my-custom-welcome-data":[1,2,3]}',
    ],
    ["ticket-static", "an unknown client: refused, wamp.error.authentication_denied"],
    ["ticket-dynamic", "joe, with a wrong ticket: refused, com.example.invalid_ticket"],
    ["function", "service, of the second block: joined realm1 as service, role frontend"],
    ["http", "joe, with a wrong ticket: refused, com.example.invalid_ticket"],
    ["sql", "SQL as an authid: refused, wamp.error.authentication_denied"],
    ["jwt", "sensor, with a new token in the same session: renewed"],
    ["wampcra-static", "client2: joined as client2, role frontend"],
    ["wampcra-dynamic", "hans: joined as ID09125, role frontend"],
    ["cryptosign", "client01, which has checked the router's key: joined devices as client01@example.com, role device"],
    ["tls", "a stranger that calls itself billing: refused, wamp.error.authentication_denied"],
    ["scram", "joe: joined realm1 as joe, role user, at a router that knows the password"],
    ["totp", "tobias1, with that code again: refused, com.example.invalid_ticket"],
    ["second-factor", "joe, with the code that was not used up: asked for ticket, totp: joined by ticket and totp"],
    ["cookie", "the same browser after that: asked for wampcra"],
    ["keyring", "the same browser, with its cookie: joined as joe by ticket and totp, cookie"],
    ["custom-plugin", "ann, on the guest list, by ticket: joined realm1 as ann, role user"],
  ])(
    "%s runs by one command, and ends as it says",
    async (name, line) => {
      const { code, output } = await outputOf(["scripts/run-example.mjs", name]);
      expect(output).toContain(line);
      expect(output).not.toContain("<- expected");
      // Nothing that looks as if it had failed.
      expect(output).not.toMatch(/exception|stack/i);
      expect(code).toBe(0);
    },
    60_000,
  );

  it("cluster says what to install if there is no nats-server", async () => {
    const { code, output } = await outputOf(["scripts/run-example.mjs", "cluster"], { NATS_SERVER: "no-nats-server" });
    expect(output).toContain(
      "This example needs no-nats-server. Install it, for example by: apt-get install nats-server",
    );
    expect(code).toBe(1);
  }, 60_000);

  it("advanced is what npm start runs, and npm run demo shows", async () => {
    const PORT = await freePort();
    const router = node(["scripts/start.mjs"], { PORT });
    const ended = once(router, "close");
    let said = "";
    for await (const line of createInterface({ input: router.stdout })) {
      said += line;
      if (line.includes("Stop with Ctrl-C")) break;
    }
    expect(said).toContain(`ws://127.0.0.1:${PORT}/ws`);
    const demo = await outputOf(["scripts/demo.mjs"], { PORT });
    expect(demo.output).toContain("user2, naming no realm: joined realm-user2 as user2");
    expect(demo.code).toBe(0);
    router.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
    const late = await outputOf(["scripts/demo.mjs"], { PORT });
    expect(late.output).toContain("npm start");
    expect(late.code).toBe(1);
  }, 60_000);
});

describeWithNats("the example of a cluster", () => {
  it("runs by one command: what is said at one node of three is heard at the others", async () => {
    const { code, output } = await outputOf(["scripts/run-example.mjs", "cluster"]);
    expect(output).toContain("carol at c, decided by the authenticator at a: joined realm1 as carol, role frontend");
    expect(output).toContain("carol at c hears what bob at b publishes: hello from b");
    expect(output).not.toContain("<- expected");
    expect(code).toBe(0);
  }, 60_000);
});

describe("the commands of a clone say what to do", () => {
  it("npm start, if the port is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const { code, output } = await outputOf(["scripts/start.mjs"], { PORT: String(port) });
    taken.close();
    expect(output).toContain(`cannot listen on 127.0.0.1:${port}: another program listens there`);
    expect(output).toContain(`PORT=${port + 1} npm start`);
    expect(output).not.toMatch(/^ +at /m);
    expect(code).toBe(1);
  }, 60_000);

  it.each([
    [
      "another web server",
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
      "answers /ws with status 200",
    ],
    ["no web server", "220 mail.example\r\n", "speaks no HTTP"],
  ])("npm run demo, if %s listens there", async (_, says, told) => {
    const foreign = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end(says);
    }).listen(0, "127.0.0.1");
    await once(foreign, "listening");
    const { port } = foreign.address() as { port: number };
    const { code, output } = await outputOf(["scripts/demo.mjs"], { PORT: String(port) });
    foreign.close();
    expect(output).toContain(`What listens on 127.0.0.1:${port} is not the router`);
    expect(output).toContain(told);
    expect(code).toBe(1);
  });

  it.each([["packages/core/bin/wampgate.js", "--version"], ["scripts/set-up.mjs"]])(
    "%s, if Node.js is too old",
    async (...args) => {
      const older = `data:text/javascript,${encodeURIComponent('Object.defineProperty(process.versions, "node", { value: "20.18.1" })')}`;
      const { code, output } = await outputOf(["--import", older, ...args]);
      expect(output).toBe(
        "wampgate needs Node.js 20.19 or newer, and this is 20.18.1. Install a newer one: https://nodejs.org\n",
      );
      expect(code).toBe(1);
    },
  );
});
