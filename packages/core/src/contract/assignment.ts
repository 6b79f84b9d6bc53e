import type { z } from "zod";
import type { assignment } from "../settings/assignment.ts";
import type { Dict } from "../wamp/payload.ts";
import type { RawValue } from "../wamp/raw-value.ts";

/**
 * What is assigned to a client. Without `realm` or `authid` the client gets what it asked for; null or "" assigns none.
 * Without `role` it gets the block's `default-role`. `extra` is sent to the client as `authextra` in WELCOME. At the time
 * of `expires` its session ends; a login after that is denied. `then` names a method that must succeed too.
 */
export type Assignment = Readonly<z.input<typeof assignment>>;

/**
 * Who a client is. What nothing assigned is filled in: from the client's HELLO, and from the block's `default-role`.
 * Null: none assigned.
 */
export interface Principal {
  readonly realm: string | null;
  readonly authid: string | null;
  readonly role: string | null;
  readonly extra: Readonly<Dict> | RawValue | null;
  /** When its login expires, in whole seconds since 1970; null: never. */
  readonly expires: number | null;
  /** The method that must succeed too, as the login's next factor; null: none. */
  readonly then: string | null;
  /** The strategy that knew the principal: `static`, `dynamic` … */
  readonly provider: string;
  /**
   * Whether it is of a block that keeps principals, `static` or one whose strategy has decoys: a challenge must then show
   * nothing that an unknown authid cannot have.
   */
  readonly isKept: boolean;
}
