import type { Dict } from "../wamp/payload.ts";
import type { RawValue } from "../wamp/raw-value.ts";
import type { Admission } from "./handshake.ts";

/**
 * A login that ended in WELCOME: what `acceptAgain` needs to let its client in once more, as a cookie does. All of it may
 * be kept as JSON.
 */
export interface PastLogin {
  readonly realm: string;
  readonly authid: string;
  readonly authrole: string;
  readonly extra: Readonly<Dict> | RawValue | null;
  /** The method, as WELCOME named it. */
  readonly authmethod: string;
  /** The methods of all factors, where it took more than one. */
  readonly authfactors: readonly string[] | null;
  /** In whole seconds since 1970; null: never. */
  readonly expires: number | null;
  /** How a block let it in: a reload judges its sessions by that. Null: a tap of the hook `hello` did. */
  readonly admission: Admission | null;
}
