import { setImmediate } from "node:timers";
import type { NodeName } from "@wampgate/core";
import type { Subjects } from "../subjects.ts";
import { bundled } from "./bundle.ts";

/** The most that several envelopes have together, in bytes. */
const MAX_BUNDLE = 256 * 1024;

export interface OutboxOptions {
  readonly subjects: Subjects;
  /** How long after NATS was asked whether a node is there it is asked again, in milliseconds. */
  readonly askAfter: number;
  readonly isConnected: () => boolean;
  /** The most bytes that one envelope may have. */
  readonly maxBytes: () => number;
  /** @param reply where NATS is to say that no process listens to the subject; null: nowhere */
  readonly publish: (subject: string, bytes: Uint8Array, reply: string | null) => void;
}

/** What this node sends to one other, or to all. */
interface Way {
  readonly subject: string;
  /** Where NATS says that no process listens there; null: it is not asked. */
  readonly absent: string | null;
  /** When it was last asked, in milliseconds of `performance.now()`. */
  askedAt: number;
  /** What leaves at the end of this turn. */
  leaving: Uint8Array[];
}

/**
 * What this node sends to others. All that one turn of the event loop sends to a node leaves together, as few messages. What is
 * sent while NATS cannot be reached is dropped: it would come late.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #ways = new Map<NodeName, Way>();
  readonly #toAll: Way;
  /** Those by which something leaves at the end of this turn. */
  #leaving: Way[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#toAll = { subject: options.subjects.toAll(), absent: null, askedAt: 0, leaving: [] };
  }

  /** To how many nodes something was sent, as far as it is remembered. */
  get size(): number {
    return this.#ways.size;
  }

  /** @param to null: all nodes */
  put(to: NodeName | null, bytes: Uint8Array): void {
    if (!this.#options.isConnected()) return;
    const way = to === null ? this.#toAll : (this.#ways.get(to) ?? this.#begin(to));
    if (way.leaving.push(bytes) > 1) return;
    if (this.#leaving.push(way) === 1) setImmediate(() => this.leave());
  }

  /** All that was put leaves now. */
  leave(): void {
    const { isConnected, maxBytes, publish } = this.#options;
    const ways = this.#leaving;
    const most = Math.min(MAX_BUNDLE, maxBytes());
    this.#leaving = [];
    for (const way of ways) {
      const envelopes = way.leaving;
      way.leaving = [];
      if (!isConnected()) continue;
      let reply = this.#replyOf(way);
      for (const bundle of bundled(envelopes, most)) {
        publish(way.subject, bundle, reply);
        reply = null;
      }
    }
  }

  /** What NATS said of others may be wrong now. */
  reconnected(): void {
    for (const way of this.#ways.values()) way.askedAt = -Infinity;
  }

  /** Begins to send to a node. Of those that are gone nothing stays. */
  #begin(to: NodeName): Way {
    for (const [node, way] of this.#ways)
      if (way.leaving.length === 0 && this.#isToBeAsked(way)) this.#ways.delete(node);
    const { subjects } = this.#options;
    const way = { subject: subjects.to(to), absent: subjects.absentOf(to), askedAt: -Infinity, leaving: [] };
    this.#ways.set(to, way);
    return way;
  }

  /** Where NATS is to say that no process listens; null: it was asked a moment ago. */
  #replyOf(way: Way): string | null {
    if (way.absent === null || !this.#isToBeAsked(way)) return null;
    way.askedAt = performance.now();
    return way.absent;
  }

  /** Such a way, if nothing leaves by it, says no more than a new one. */
  #isToBeAsked({ askedAt }: Way): boolean {
    return performance.now() - askedAt >= this.#options.askAfter;
  }
}
