import { describeLink } from "./describe-link.ts";
import { MemoryNetwork } from "./memory-network.ts";

describe("the link in memory", () => {
  describeLink({ describe, it }, { network: () => new MemoryNetwork() });
});
