import type { BothWays, Durations } from "@wampgate/core";
import { isSentOnce } from "./kinds.ts";

/** In seconds. */
const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Durations, as they are counted. */
class CountedDurations implements Durations {
  readonly buckets = new Map(BOUNDS.map((bound) => [bound, 0]));
  count = 0;
  sum = 0;

  add(ms: number): void {
    const seconds = ms / 1000;
    this.count++;
    this.sum += seconds;
    for (const [bound, count] of this.buckets) if (seconds <= bound) this.buckets.set(bound, count + 1);
  }
}

/** What a node of a cluster counts. */
export class LinkCounts {
  readonly messages = new Map<string, { -readonly [K in keyof BothWays]: number }>();
  readonly bytes = { sent: 0, received: 0 };
  readonly lost = new Map<string, number>();
  readonly dropped = new Map([
    ["window", 0],
    ["cut-off", 0],
  ]);
  readonly gone = new Map([
    ["silence", 0],
    ["refused", 0],
    ["bye", 0],
  ]);
  readonly hop = new CountedDurations();
  readonly claim = new CountedDurations();
  resets = 0;
  claimsLost = 0;
  unsettled = 0;
  unreadable = 0;

  /** @param word of kinds.ts */
  counted(word: string, direction: keyof BothWays): void {
    let both = this.messages.get(word);
    if (both === undefined) this.messages.set(word, (both = { sent: 0, received: 0 }));
    if (direction === "sent") both.sent++;
    else both.received++;
  }

  /** What these words are for may not have come. @returns how many of them are not told again */
  lose(words: readonly string[]): number {
    const lost = words.filter(isSentOnce);
    for (const word of lost) raise(this.lost, word);
    return lost.length;
  }

  drop(why: "window" | "cut-off"): void {
    raise(this.dropped, why);
  }

  nodeGone(by: GoneBy): void {
    raise(this.gone, by);
  }
}

/** What told that a node is gone. */
export type GoneBy = "silence" | "refused" | "bye";

function raise(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
