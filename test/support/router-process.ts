import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { folderOf } from "../../jest/folder.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const BIN = join(ROOT, "packages/core/bin/wampgate.js");
const PROBE = join(import.meta.dirname, "probe.mjs");

/** How long a router may take to start, or to answer a question, in milliseconds. */
const PATIENCE = 30_000;

/** In bytes. */
export interface Memory {
  /** By objects and buffers, after a garbage collection. */
  readonly used: number;
  readonly rss: number;
  /** The most that `rss` ever was. */
  readonly peak: number;
}

export interface RouterConfig {
  readonly transports: readonly object[];
  readonly [key: string]: unknown;
}

/** The config of a router that lets anyone do anything, by one WebSocket entry. @param options more keys of that entry */
export function openToAll(options: object = {}): RouterConfig {
  return {
    plugins: ["@wampgate/auth-anonymous"],
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
    transports: [
      {
        type: "websocket",
        endpoint: { type: "tcp", port: 0 },
        auth: { anonymous: { type: "static", role: "user" } },
        ...options,
      },
    ],
  };
}

export interface ProcessOptions {
  /** What `ulimit -n` is set to. */
  readonly descriptors?: number;
}

const running = new Set<RouterProcess>();

// What a failed test left would keep Jest from ending.
afterAll(() => Promise.all([...running].map((router) => router.kill())));

/** The built router in a process of its own, as `npx wampgate start` runs it, with a probe inside. */
export class RouterProcess {
  /** Where its transports listen, in the config's order. */
  readonly urls: string[] = [];
  /** What it logged, at level `warn` and above. */
  readonly log: Record<string, unknown>[] = [];
  /** What else came to stderr: nothing, if all is well. */
  readonly complaints: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  /** Resolves when the router listens. */
  static async start(config: RouterConfig, { descriptors }: ProcessOptions = {}): Promise<RouterProcess> {
    const folder = await folderOf({ "wampgate.config.json": JSON.stringify(config) });
    const file = join(folder, "wampgate.config.json");
    const node = [process.execPath, "--expose-gc", "--import", PROBE, BIN, "start", "--config", file];
    const limit = descriptors === undefined ? "" : `ulimit -n ${descriptors} && `;
    const child = spawn("sh", ["-c", `${limit}exec "$@"`, "sh", ...node, "--log-level", "warn"], {
      cwd: ROOT,
      env: { ...process.env, NODE_OPTIONS: "" },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const router = new RouterProcess(child);
    running.add(router);
    await router.#listening(config.transports.length);
    return router;
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, "close").then(([code]) => code as number | null);
  }

  /** What `url` is the first of. */
  get url(): string {
    return this.urls[0] ?? "";
  }

  memory(): Promise<Memory> {
    return this.#ask("memory");
  }

  /** How many connections and timers keep it alive. */
  resources(): Promise<{ sockets: number; timers: number }> {
    return this.#ask("resources");
  }

  /** Sets its wall clock so many milliseconds ahead of the true one; back, where it is negative. */
  async setClock(ahead: number): Promise<void> {
    await this.#ask("clock", ahead);
  }

  /** Stops its clockwork, as when its machine is suspended. */
  hold(): void {
    this.#child.kill("SIGSTOP");
  }

  /** Lets it go on. */
  release(): void {
    this.#child.kill("SIGCONT");
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null> {
    return this.#end("SIGTERM");
  }

  #end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
    running.delete(this);
    this.#child.kill(signal);
    return this.#ended;
  }

  /** Reads its output until it has told `count` URLs. */
  async #listening(count: number): Promise<void> {
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error("the router's process has no output");
    createInterface({ input: stderr }).on("line", (line) => {
      if (line.startsWith("{")) this.log.push(JSON.parse(line) as Record<string, unknown>);
      else this.complaints.push(line);
    });
    const told = new Promise<void>((resolve) => {
      createInterface({ input: stdout }).on("line", (line) => {
        const url = /^ {2}(\S+:\S+)/.exec(line)?.[1];
        if (url !== undefined && this.urls.push(url) === count) resolve();
      });
    });
    const died = this.#ended.then((code) => {
      throw new Error(`the router ended with ${code} instead of listening: ${this.complaints.join("\n")}`);
    });
    await Promise.race([told, died]);
    died.catch(() => undefined);
  }

  async #ask<T>(question: string, value?: unknown): Promise<T> {
    const answer = once(this.#child, "message", { signal: AbortSignal.timeout(PATIENCE) });
    this.#child.send({ question, value });
    return (await answer)[0] as T;
  }
}
