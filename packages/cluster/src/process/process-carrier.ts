import type { NodeName } from "@wampgate/core";
import type { Arbiter, Carrier, Receiver } from "../carrier.ts";
import { type Frame, isForCluster, type Operation, type ToPrimary, type ToWorker } from "./messages.ts";

/** How long the primary may take to answer, in milliseconds. */
const TIMEOUT = 5000;

/** The most that one message of the channel should have, in bytes: it is copied as a whole. */
const MAX_BYTES = 1024 * 1024;

/** The variable of the environment by which `wampgate start --workers` names a worker. */
export const WORKER = "WAMPGATE_WORKER";

/** Carries over the channel between a worker and its primary, which passes all on. */
export class ProcessCarrier implements Carrier {
  readonly node: NodeName;
  readonly maxBytes = MAX_BYTES;
  readonly arbiter: Arbiter;
  readonly #asked = new Map<number, (value: unknown) => void>();
  #lastAsked = 0;
  #frames: Frame[] = [];
  #receiver: Receiver | null = null;
  readonly #listener = (message: unknown): void => this.#received(message);
  readonly #disconnected = (): void => this.#receiver?.disconnected();

  /** @throws Error if this process is no worker of `wampgate start --workers` */
  constructor() {
    const node = process.env[WORKER];
    if (node === undefined || process.send === undefined)
      throw new Error(
        "a cluster of type workers has worker processes, and this is none: run wampgate start --workers 4, or remove cluster from the config",
      );
    this.node = node;
    const ask = <T>(operation: Operation, ...args: readonly unknown[]): Promise<T> => this.#ask<T>(operation, args);
    this.arbiter = {
      create: (...args) => ask("create", ...args),
      update: (...args) => ask("update", ...args),
      delete: (...args) => ask("delete", ...args),
      get: (...args) => ask("get", ...args),
      keys: (...args) => ask("keys", ...args),
    };
    process.on("message", this.#listener);
    process.on("disconnect", this.#disconnected);
  }

  start(receiver: Receiver): void {
    this.#receiver = receiver;
  }

  send(to: NodeName, bytes: Uint8Array): void {
    this.#put([to, bytes]);
  }

  sendAll(bytes: Uint8Array): void {
    this.#put([null, bytes]);
  }

  close(): Promise<void> {
    process.off("message", this.#listener);
    process.off("disconnect", this.#disconnected);
    this.#receiver = null;
    return new Promise((resolve) => this.#leave(resolve));
  }

  /** What is sent to several nodes in one go leaves together. It is the end of a turn already: the link has waited for it. */
  #put(frame: Frame): void {
    if (this.#frames.push(frame) === 1) process.nextTick(() => this.#leave());
  }

  /** @param left called when all has left, or if the primary is gone */
  #leave(left = (): void => undefined): void {
    const frames = this.#frames;
    this.#frames = [];
    if (frames.length === 0) left();
    else this.#tell({ cluster: "frames", frames }, left);
  }

  #tell(message: ToPrimary, left = (): void => undefined): void {
    if (process.connected) process.send?.(message, undefined, undefined, () => left());
    else left();
  }

  async #ask<T>(operation: Operation, args: readonly unknown[]): Promise<T> {
    const id = ++this.#lastAsked;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`the primary did not answer within ${TIMEOUT} ms`)), TIMEOUT);
        this.#asked.set(id, resolve as (value: unknown) => void);
        this.#tell({ cluster: "ask", id, operation, args });
      });
    } finally {
      clearTimeout(timer);
      this.#asked.delete(id);
    }
  }

  #received(message: unknown): void {
    if (!isForCluster(message)) return;
    const told = message as ToWorker;
    if (told.cluster === "frames") for (const [from, bytes] of told.frames) this.#receiver?.received(from ?? "", bytes);
    else if (told.cluster === "answer") this.#asked.get(told.id)?.(told.value);
    else this.#receiver?.ended(told.node);
  }
}
