import { describeLink } from "@wampgate/plugin-testkit";
import { MemoryCarriers } from "../memory/memory-carriers.ts";

describe("a cluster over carriers in memory", () => {
  describeLink({ describe, it }, { network: () => new MemoryCarriers() });
});

describe("a cluster over carriers in memory, with delays and parts", () => {
  describeLink(
    { describe, it },
    { network: () => new MemoryCarriers({ delay: delays(1), maxBytes: 200 }), patience: 10_000 },
  );
});

/** Delays from 0 to 3 ms that look random, and are the same each time. */
function delays(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 30);
  };
}
