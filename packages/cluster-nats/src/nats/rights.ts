import { setImmediate } from "node:timers/promises";
import { type NatsConnection, PermissionViolationError } from "@nats-io/transport-node";
import type { Subjects } from "../subjects.ts";

/** How many rights that are missing are named. */
const MOST = 3;

/** What NATS does not let this node do. NATS says so a moment after it was tried. */
export class Rights {
  readonly #nc: NatsConnection;
  readonly #subjects: Subjects;
  readonly #denied: string[] = [];

  constructor(nc: NatsConnection, subjects: Subjects) {
    this.#nc = nc;
    this.#subjects = subjects;
  }

  /** Whether nothing was denied yet. */
  get areFull(): boolean {
    return this.#denied.length === 0;
  }

  /** NATS has reported an error. */
  failed(error: Error): void {
    if (!(error instanceof PermissionViolationError) || this.#denied.length >= MOST) return;
    const { operation, subject } = error;
    this.#denied.push(`${operation === "publish" ? "publish on" : "subscribe to"} ${subject}`);
  }

  /** Tries to publish to all nodes. @throws Error if NATS has denied that, or anything before */
  async require(): Promise<void> {
    this.#nc.publish(this.#subjects.toAll(), new Uint8Array());
    await this.#nc.flush();
    await setImmediate();
    if (this.areFull) return;
    throw new Error(
      `NATS does not let this node ${this.#denied.join(" nor ")}: give its user the rights that docs/guides/cluster.md lists`,
    );
  }
}
