// Starts what is measured, and the load: each in a process of its own.
import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import selfsigned from "selfsigned";

const HERE = import.meta.dirname;
const ROUTER = join(HERE, "../packages/core/bin/wampgate.js");

/** Each starts its server on a core. The router is started as a user starts it, and its log goes to a file. */
export const TARGETS = {
  wampgate: (core) => router(core),
  /** The same router, whose log is off. */
  quiet: (core) => router(core, "--log-level", "silent"),
  naive: (core) => start(core, "servers/forwarder.mjs", ["naive"]),
  tuned: (core) => start(core, "servers/forwarder.mjs", ["tuned"]),
};

/** An authenticator of the router at `url`, with a core that is not the router's. */
export const startAuthenticator = (url) => start(1, "servers/authenticator.mjs", [url]);

/** One of two that forward to each other over NATS. */
export const startNatsForwarder = (core, name, other, nats) =>
  start(core, "servers/nats-forwarder.mjs", [name, other, nats]);

export const startLoad = (core, file = "client.mjs") => start(core, file);

/** Each process has its own core if the system allows that. */
export const canPin = cpus().length > 1 && spawnSync("taskset", ["--version"]).status === 0;

export function pin(pid, cores) {
  if (canPin) spawnSync("taskset", ["-a", "-p", "-c", String(cores), String(pid)]);
}

/** The next message of a process. */
export function answer(child) {
  return new Promise((resolve, reject) => {
    const onExit = (code) => reject(new Error(`a process of the bench ended with ${code}`));
    child.once("exit", onExit);
    child.once("message", (message) => {
      child.off("exit", onExit);
      resolve(message);
    });
  });
}

export function ask(child, question) {
  const answered = answer(child);
  child.send(question);
  return answered;
}

async function start(core, file, args = [], { output = "inherit", ...options } = {}) {
  const child = fork(resolve(HERE, file), args, {
    execArgv: ["--expose-gc"],
    stdio: ["ignore", output, output, "ipc"],
    ...options,
  });
  pin(child.pid, core);
  return { child, url: (await answer(child)).url };
}

const router = async (core, ...args) => startRouter(core, await freePort(), ...args);

/** The router as a user starts it, on a port. */
export const startRouter = (core, port, ...args) => startBy("servers/wampgate.config.mjs", core, port, args);

/** A router with anonymous logins alone. @param cluster what links it to other nodes, as in the config; null: nothing does */
export const startNode = async (core, cluster) =>
  startBy("servers/node.config.mjs", core, await freePort(), [], { BENCH_CLUSTER: JSON.stringify(cluster) });

async function startBy(config, core, port, args, env = {}) {
  const url = `ws://127.0.0.1:${port}`;
  const tlsPort = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "wampgate-bench-"));
  const { private: key, cert } = await selfsigned.generate([{ name: "commonName", value: "bench" }], { keyType: "ec" });
  writeFileSync(join(folder, "key.pem"), key);
  writeFileSync(join(folder, "cert.pem"), cert);
  const file = join(folder, "router.log");
  const output = openSync(file, "w");
  const { child } = await start(core, ROUTER, ["start", "--config", join(HERE, config), ...args], {
    output,
    env: {
      ...process.env,
      ...env,
      BENCH_PORT: String(port),
      BENCH_TLS_PORT: String(tlsPort),
      BENCH_TLS: folder,
      BENCH_URL: url,
    },
    execArgv: ["--expose-gc", "--import", join(HERE, "servers/probe.mjs")],
  });
  closeSync(output);
  child.once("exit", () => rmSync(folder, { recursive: true }));
  await whenListening(port, file);
  return { child, url, secure: `wss://127.0.0.1:${tlsPort}` };
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** It listens when all else is ready. */
async function whenListening(port, log) {
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const socket = connect({ host: "127.0.0.1", port });
    const isThere = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) return;
  }
  throw new Error(`the router does not listen: ${readFileSync(log, "utf8")}`);
}
