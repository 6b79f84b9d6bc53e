import type { Dict } from "../wamp/payload.ts";

/** What is assigned to a client. Without `realm` or `authid` what the client asked for stands; null or "" assigns none. Without `role` it is the block's `default-role`. */
export interface Assignment {
  readonly realm?: string | null;
  readonly authid?: string | null;
  readonly role?: string | null;
  /** Sent to the client as `authextra` in WELCOME. */
  readonly extra?: Readonly<Dict> | null;
}

/** Who a client is, with the client's own wishes and the block's `default-role` filled in. Null: none assigned. */
export interface Principal {
  readonly realm: string | null;
  readonly authid: string | null;
  readonly role: string | null;
  readonly extra: Readonly<Dict> | null;
  /** The strategy that knew it: `static`, `dynamic` … */
  readonly provider: string;
}
