import type { Carrier } from "../carrier.ts";
import type { LinkOptions } from "./options.ts";

/** In bytes. They may change while the pair is open. */
export interface PairLimits {
  /** The most that is sent at once: what is longer goes in parts. */
  readonly maxBytes: number;
  /** How many may wait to be acknowledged. */
  readonly window: number;
}

/** How many bytes may wait to be acknowledged by all nodes together if the config does not say it, and by one at least. */
const ALL_WINDOWS = 32 * 1024 * 1024;
const LEAST_WINDOW = 1024 * 1024;

/** @param others how many other nodes there are */
export function pairLimits(carrier: Carrier, options: LinkOptions, others: () => number): PairLimits {
  return {
    get maxBytes() {
      return carrier.maxBytes;
    },
    get window() {
      return options.window ?? Math.max(LEAST_WINDOW, ALL_WINDOWS / Math.max(1, others()));
    },
  };
}
