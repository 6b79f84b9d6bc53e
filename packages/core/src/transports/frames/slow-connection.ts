import type { WaitingBytes } from "../../contract/waiting-bytes.ts";
import type { FrameConnection } from "./frame-connection.ts";
import type { SlowPolicy } from "./write-queue.ts";

/** Ends a connection that reads too slowly. */
export class SlowConnection implements SlowPolicy {
  readonly sendTimeout: number;
  readonly waiting: WaitingBytes;
  /** Set it once it is there: its wire, which needs this policy, comes first. */
  connection: FrameConnection | null = null;

  /** @param sendTimeout in milliseconds */
  constructor(sendTimeout: number, waiting: WaitingBytes) {
    this.sendTimeout = sendTimeout;
    this.waiting = waiting;
  }

  missed(buffered: number): void {
    this.connection?.stalled(buffered);
  }

  overflowed(buffered: number): void {
    this.connection?.overflowed(buffered);
  }
}
