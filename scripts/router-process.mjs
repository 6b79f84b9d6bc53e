// A router in a separate process, as `npx wampgate start` runs it.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const ROOT = join(import.meta.dirname, "..");

/** How long a process may take to say that it is ready, in milliseconds. */
const PATIENCE = 30_000;

/** Starts a router, and resolves when it listens. @returns its URL, and the function that stops it */
export async function startRouter(config, env) {
  const bin = join(ROOT, "packages/core/bin/wampgate.js");
  const router = run([bin, "start", "--config", config, "--log-level", "error"], env);
  const listens = await router.line((line) => /wss?:\/\//.test(line), "the router did not start");
  return { url: /wss?:\S+/.exec(listens)[0], ...router };
}

/** Runs a Node script. `line` waits for one line of its output; `stop` ends it with SIGTERM, and gives its exit code. */
export function run(args, env = {}, echo = false) {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const lines = createInterface({ input: child.stdout });
  if (echo) lines.on("line", (text) => console.log(text));
  return {
    ended,
    line(wanted, otherwise) {
      return new Promise((resolve, reject) => {
        const fail = () => reject(new Error(otherwise));
        const timer = setTimeout(fail, PATIENCE);
        lines.on("line", (text) => {
          if (!wanted(text)) return;
          clearTimeout(timer);
          resolve(text);
        });
        ended.then(() => {
          clearTimeout(timer);
          fail();
        });
      });
    },
    stop() {
      child.kill("SIGTERM");
      return ended;
    },
  };
}

/** A port of 127.0.0.1 that is free now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
