import { describeLink } from "./describe-link.ts";
import { MemoryNetwork } from "./memory-network.ts";

describe("the link in memory", () => {
  describeLink({ describe, it }, { network: () => new MemoryNetwork() });
});

describe("the link in memory, with delays", () => {
  describeLink({ describe, it }, { network: () => new MemoryNetwork({ delay: delays(1) }), patience: 10_000 });
});

/** Delays from 0 to 3 ms that look random, and are the same each time. */
function delays(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 30);
  };
}
