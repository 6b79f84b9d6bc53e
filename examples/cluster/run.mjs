// Starts a nats-server, three nodes and the clients, and stops them all.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { freePort, run, startRouter } from "../../scripts/router-process.mjs";

const NODES = ["a", "b", "c"];
/** How long nats-server may take to start, in milliseconds. */
const PATIENCE = 10_000;
const program = process.env.NATS_SERVER ?? "nats-server";
const port = await freePort();
const store = await mkdtemp(join(tmpdir(), "wampgate-example-"));
const stops = [() => rm(store, { recursive: true, force: true })];
try {
  const nats = await startNats();
  stops.push(() => nats.kill());
  const routers = await Promise.all(
    NODES.map(async (NODE) => {
      const env = { NODE, PORT: String(await freePort()), NATS: `nats://127.0.0.1:${port}` };
      return startRouter(join(import.meta.dirname, "wampgate.config.yaml"), { ...process.env, ...env });
    }),
  );
  stops.push(...routers.map((router) => () => router.stop()));
  const urls = NODES.map((name, i) => [`URL_${name.toUpperCase()}`, routers[i].url]);
  const env = { ...process.env, ...Object.fromEntries(urls) };
  process.exitCode = await run([join(import.meta.dirname, "client.mjs")], env, true).ended;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  for (const stop of stops.reverse()) await stop();
}

/** Resolves when it takes connections. */
async function startNats() {
  const nats = spawn(program, ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", store], { stdio: "ignore" });
  let problem = null;
  nats.once("error", () => {
    problem = `This example needs ${program}. Install it, for example by: apt-get install nats-server (or set NATS_SERVER to the program)`;
  });
  nats.once("exit", () => (problem ??= `${program} has ended`));
  for (const end = performance.now() + PATIENCE; performance.now() < end; await wait(20)) {
    if (problem !== null) throw new Error(problem);
    if (await listens()) return nats;
  }
  nats.kill();
  throw new Error(`${program} took no connection within ${PATIENCE} ms`);
}

function listens() {
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.once("data", () => resolve(true)).once("error", () => resolve(false));
    socket.on("data", () => socket.destroy());
  });
}
