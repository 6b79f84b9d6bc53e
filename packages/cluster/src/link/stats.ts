import type { LinkStats } from "@wampgate/core";
import type { LinkCounts } from "./counts.ts";
import type { Nodes } from "./nodes.ts";

/** What a link counts, as it is at each read. */
export function statsOf(counts: LinkCounts, nodes: Nodes): LinkStats {
  return {
    get nodes() {
      return nodes.open.length + 1;
    },
    get isConnected() {
      return nodes.isConnected;
    },
    get unacknowledgedBytes() {
      return nodes.waiting;
    },
    get resets() {
      return counts.resets;
    },
    get claimsLost() {
      return counts.claimsLost;
    },
    get unsettled() {
      return counts.unsettled;
    },
    get unreadable() {
      return counts.unreadable;
    },
    messages: counts.messages,
    bytes: counts.bytes,
    lost: counts.lost,
    dropped: counts.dropped,
    gone: counts.gone,
    hop: counts.hop,
    claim: counts.claim,
  };
}
