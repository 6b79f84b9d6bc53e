import type { NodeName } from "@wampgate/core";
import type { Subjects } from "../subjects.ts";

export interface OutboxOptions {
  readonly subjects: Subjects;
  /** How long after NATS was asked whether a node is there it is asked again, in milliseconds. */
  readonly askAfter: number;
  /** @param reply where NATS is to say that no process listens to the subject; null: nowhere */
  readonly publish: (subject: string, bytes: Uint8Array, reply: string | null) => void;
}

/** The way to one other node. */
interface Way {
  readonly subject: string;
  /** Where NATS says that no process listens there. */
  readonly absent: string;
  /** When it was last asked, in milliseconds of `performance.now()`. */
  askedAt: number;
}

/** What this node sends to others, one by one. NATS is asked now and then whether a node is there. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #ways = new Map<NodeName, Way>();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** To how many nodes something was sent, as far as it is remembered. */
  get size(): number {
    return this.#ways.size;
  }

  send(to: NodeName, bytes: Uint8Array): void {
    const way = this.#ways.get(to) ?? this.#begin(to);
    const now = performance.now();
    const asks = this.#isToBeAsked(way, now);
    if (asks) way.askedAt = now;
    this.#options.publish(way.subject, bytes, asks ? way.absent : null);
  }

  /** What NATS said of others may be wrong now. */
  reconnected(): void {
    this.#ways.clear();
  }

  /** Begins to send to a node. Of those that are gone nothing stays. */
  #begin(to: NodeName): Way {
    const now = performance.now();
    for (const [node, way] of this.#ways) if (this.#isToBeAsked(way, now)) this.#ways.delete(node);
    const { subjects } = this.#options;
    const way = { subject: subjects.to(to), absent: subjects.absentOf(to), askedAt: -Infinity };
    this.#ways.set(to, way);
    return way;
  }

  /** Such a way says no more than a new one. */
  #isToBeAsked({ askedAt }: Way, now: number): boolean {
    return now - askedAt >= this.#options.askAfter;
  }
}
