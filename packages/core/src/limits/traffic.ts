import type { Traffic } from "../contract/observers.ts";

/** A count of nothing yet. */
export function noTraffic(): Traffic {
  return { messagesReceived: 0, messagesSent: 0, bytesReceived: 0, bytesSent: 0 };
}
