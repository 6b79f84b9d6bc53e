import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { DeadlineError, within } from "@wampgate/core";
import { type Answer, type Database, DatabaseError, type Setting, type Values } from "./database.ts";
import type { Order, Told } from "./program.ts";

/** The built file, also where this one runs from the source: Node.js reads no TypeScript. */
const PROGRAM = new URL("../dist/program.js", import.meta.url);

/** How long it may take to end, in milliseconds. */
const ENDING = 1000;
/** What a package may take longer than it is told, in milliseconds. */
const MARGIN = 500;
/** The memory of a thread: an answer that needs more ends it. In MB. */
const MEMORY = 64;

/** A thread or a process that runs `program.ts`. */
interface Host {
  send(order: Order): void;
  onTold(listener: (told: Told) => void): void;
  onEnd(listener: () => void): void;
  end(): void;
}

/**
 * A database that is asked in a thread or a process of its own: what its server sends, and what the client's package makes of
 * it, harms no other login. It is started when it is asked, and again when it has ended.
 */
export class Apart implements Database {
  readonly #setting: Setting;
  readonly #asked = new Map<number, { readonly host: Host; readonly answer: (told: Told | null) => void }>();
  #host: Host | null = null;
  #count = 0;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  async ask(values: Values): Promise<Answer> {
    const { client, timeout } = this.#setting;
    const host = (this.#host ??= this.#started());
    const id = ++this.#count;
    // The others have time for a connection, and then for the query.
    const limit = client === "sqlite" ? timeout : 2 * timeout + MARGIN;
    try {
      const told = await within(limit, undefined, () => this.#answer(host, id, values));
      if (told === null) throw new DatabaseError("down", "what it sent cannot be read, or is too much");
      if ("answer" in told) return told.answer;
      throw new DatabaseError(...told.problem);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      host.end();
      throw new DatabaseError("down", `it did not answer within ${timeout} ms`);
    } finally {
      this.#asked.delete(id);
    }
  }

  async close(): Promise<void> {
    const host = this.#host;
    if (host === null) return;
    const ended = new Promise<void>((resolve) => host.onEnd(resolve));
    host.send({ close: true });
    await within(ENDING, undefined, () => ended).catch(() => host.end());
  }

  #answer(host: Host, id: number, values: Values): Promise<Told | null> {
    return new Promise((resolve) => {
      this.#asked.set(id, { host, answer: resolve });
      host.send({ id, ask: values });
    });
  }

  #started(): Host {
    const host = this.#setting.client === "sqlite" ? processHost() : threadHost();
    host.onTold((told) => this.#asked.get(told.id)?.answer(told));
    host.onEnd(() => {
      if (this.#host === host) this.#host = null;
      // The next one may have been asked already.
      for (const asked of this.#asked.values()) if (asked.host === host) asked.answer(null);
    });
    host.send({ open: this.#setting });
    return host;
  }
}

/** Its output is that of the client's package, which may tell of what is no trouble of the router: it is dropped. */
function threadHost(): Host {
  const resourceLimits = { maxOldGenerationSizeMb: MEMORY };
  const worker = new Worker(PROGRAM, { stdout: true, stderr: true, execArgv: [], resourceLimits });
  worker.stdout.resume();
  worker.stderr.resume();
  // It ends by any error, of the package or of its memory.
  worker.on("error", () => undefined);
  worker.unref();
  return {
    send: (order) => worker.postMessage(order),
    onTold: (listener) => void worker.on("message", listener),
    onEnd: (listener) => void worker.once("exit", listener),
    end() {
      worker.terminate().catch(() => undefined);
    },
  };
}

/** For SQLite: nothing but the end of its process ends a query, and the end of a thread in the middle of one would end the router. */
function processHost(): Host {
  const child = fork(fileURLToPath(PROGRAM), ["serve"], {
    ...{ serialization: "advanced", execArgv: [], stdio: ["ignore", "ignore", "ignore", "ipc"] },
  });
  child.unref();
  child.channel?.unref();
  return {
    // That it cannot be sent is told by its end.
    send: (order) => void child.send(order, () => undefined),
    onTold: (listener) => void child.on("message", (told) => listener(told as Told)),
    onEnd: (listener) => void child.once("exit", listener).once("error", listener),
    end: () => void child.kill("SIGKILL"),
  };
}
