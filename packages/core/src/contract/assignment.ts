import type { Dict } from "../wamp/payload.ts";

/**
 * What is assigned to a client. Without `realm` or `authid` the client gets what it asked for; null or "" assigns none.
 * Without `role` it gets the block's `default-role`.
 */
export interface Assignment {
  readonly realm?: string | null;
  readonly authid?: string | null;
  readonly role?: string | null;
  /** Sent to the client as `authextra` in WELCOME. */
  readonly extra?: Readonly<Dict> | null;
}

/**
 * Who a client is. What nothing assigned is filled in: from the client's HELLO, and from the block's `default-role`.
 * Null: none assigned.
 */
export interface Principal {
  readonly realm: string | null;
  readonly authid: string | null;
  readonly role: string | null;
  readonly extra: Readonly<Dict> | null;
  /** The strategy that knew the principal: `static`, `dynamic` … */
  readonly provider: string;
}
