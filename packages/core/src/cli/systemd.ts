import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Log } from "../contract/log.ts";

/** How long the program `systemd-notify` may take, in milliseconds. */
const TIMEOUT = 2000;

const run = promisify(execFile);

/**
 * Tells systemd the state of the service (sd_notify(3)), if the unit asks for it: without NOTIFY_SOCKET nothing
 * happens. Node has no Unix datagram sockets, so systemd's own program sends the state.
 */
export class Systemd {
  readonly #log: Log;
  readonly #isListening = process.env["NOTIFY_SOCKET"] !== undefined;
  /** Messages arrive in order. Never rejects. */
  #told: Promise<void> = Promise.resolve();
  #untold = 0;
  #watchdog: NodeJS.Timeout | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** The router has started, or its reload is over. */
  ready(): Promise<void> {
    const microseconds = Number(process.env["WATCHDOG_USEC"]);
    // Twice as often as systemd expects a sign of life from the process.
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
      this.#log.warn(
        { err: error },
        `could not tell systemd ${states.join(", ")} by the program systemd-notify: ${message}`,
      );
    } finally {
      this.#untold--;
    }
  }
}
