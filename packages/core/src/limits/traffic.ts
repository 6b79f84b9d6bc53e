import type { Traffic } from "../contract/observers.ts";

/** A traffic count that starts at 0. */
export function noTraffic(): Traffic {
  return { messagesReceived: 0, messagesSent: 0, bytesReceived: 0, bytesSent: 0 };
}
