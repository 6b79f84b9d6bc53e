import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Log } from "../contract/log.ts";

/** How long the program `systemd-notify` may take, in milliseconds. */
const TIMEOUT = 2000;

const run = promisify(execFile);

/**
 * Tells systemd how the service is doing (sd_notify(3)), where the unit asks for that: without NOTIFY_SOCKET nothing
 * happens. Node has no datagram sockets in the file system, so systemd's own program sends what there is to say.
 */
export class Systemd {
  readonly #log: Log;
  readonly #isListening = process.env["NOTIFY_SOCKET"] !== undefined;
  /** What is told arrives in order, and nothing of it rejects. */
  #told: Promise<void> = Promise.resolve();
  #untold = 0;
  #watchdog: NodeJS.Timeout | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** It has started, or the reload is over. */
  ready(): Promise<void> {
    const microseconds = Number(process.env["WATCHDOG_USEC"]);
    // Twice as often as systemd wants to hear of the process, which it then knows to be at work.
    if (microseconds > 0) this.#watchdog ??= setInterval(() => this.#isAlive(), microseconds / 2000);
    return this.#tell("READY=1");
  }

  reloading(): Promise<void> {
    return this.#tell("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  stopping(): Promise<void> {
    clearInterval(this.#watchdog);
    return this.#tell("STOPPING=1");
  }

  #isAlive(): void {
    if (this.#untold === 0) this.#queue("WATCHDOG=1");
  }

  #tell(...states: string[]): Promise<void> {
    this.#queue(...states);
    return this.#told;
  }

  #queue(...states: string[]): void {
    if (!this.#isListening) return;
    this.#untold++;
    this.#told = this.#told.then(() => this.#send(states));
  }

  async #send(states: string[]): Promise<void> {
    try {
      await run("systemd-notify", states, { timeout: TIMEOUT });
    } catch (error) {
      const { message } = error as Error;
      this.#log.warn({}, `systemd could not be told ${states.join(", ")} by the program systemd-notify: ${message}`);
    } finally {
      this.#untold--;
    }
  }
}
