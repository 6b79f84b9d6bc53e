import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { folderOf } from "../../jest/folder.ts";
import { freePort } from "./free-port.ts";

/** The program: that of the variable `NATS_SERVER`, or the one in the path. */
const PROGRAM = process.env["NATS_SERVER"] ?? "nats-server";

/** `describe` for tests that need nats-server. Without it they are skipped, unless `WAMPGATE_NATS=yes` demands them. */
export function describeWithNats(name: string, tests: () => void): void {
  if (spawnSync(PROGRAM, ["--version"]).status === 0) return describe(name, tests);
  if (process.env["WAMPGATE_NATS"] === "yes")
    return it(name, () => {
      throw new Error(`there is no ${PROGRAM}: install Debian's nats-server, or set NATS_SERVER to the program`);
    });
  describe.skip(`${name} (skipped: there is no ${PROGRAM}; install nats-server, or set NATS_SERVER)`, tests);
}

/** Within a `describe`: a function that starts a server, as `NatsServer.start`. After each test all that it started are closed. */
export function natsServers(): (args?: readonly string[]) => Promise<NatsServer> {
  const servers: NatsServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });
  return async (args) => {
    const server = await NatsServer.start(args);
    servers.push(server);
    return server;
  };
}

/** A nats-server of a test, on a port and with a folder of its own. */
export class NatsServer {
  readonly port: number;
  readonly #folder: string;
  readonly #args: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  #process: ChildProcess | null = null;

  private constructor(port: number, folder: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#env = env;
    this.port = port;
    this.#folder = folder;
    this.#args = args;
  }

  /** @param args more arguments for it. Default: JetStream, with a store in a folder of its own */
  static async start(
    args: readonly string[] = ["-js"],
    env: Readonly<Record<string, string>> = {},
  ): Promise<NatsServer> {
    const server = new NatsServer(await freePort(), await folderOf(), args, env);
    await server.run();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Starts it, again after `kill`. Resolves when it takes connections. */
  async run(): Promise<void> {
    const args = ["-a", "127.0.0.1", "-p", String(this.port), "-sd", this.#folder, ...this.#args];
    const started = spawn(PROGRAM, args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...this.#env },
    });
    this.#process = started;
    let output = "";
    started.stderr.on("data", (data) => (output += String(data)));
    while (!(await this.#listens())) {
      if (started.exitCode !== null) throw new Error(`nats-server has ended: ${output}`);
      await wait(10); // its log has no line that is sure to come last
    }
  }

  /** It stands still: connections to it stay, and it answers nothing until `resume`. */
  async pause(): Promise<void> {
    const running = this.#process;
    running?.kill("SIGSTOP");
    // Its threads stop one after the other.
    const isStopped = async (): Promise<boolean> => {
      const tasks = `/proc/${running?.pid}/task`;
      const states = (await readdir(tasks)).map((task) => readFile(join(tasks, task, "stat"), "latin1"));
      return (await Promise.all(states)).every((stat) => /\) T /.test(stat));
    };
    while (!(await isStopped())) await wait(1);
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Kills it. @param forgets whether what it has stored is lost */
  async kill(forgets = false): Promise<void> {
    const running = this.#process;
    this.#process = null;
    if (running !== null && running.exitCode === null && running.signalCode === null) {
      running.kill("SIGKILL");
      await once(running, "exit");
    }
    if (forgets) await rm(join(this.#folder, "jetstream"), { recursive: true, force: true });
  }

  close(): Promise<void> {
    return this.kill();
  }

  #listens(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = createConnection(this.port, "127.0.0.1");
      socket.once("data", () => resolve(true)).once("error", () => resolve(false));
      socket.on("data", () => socket.destroy());
    });
  }
}
