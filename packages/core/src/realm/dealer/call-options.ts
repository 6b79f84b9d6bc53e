import { type Dict, isEmpty } from "../../wamp/payload.ts";
import type { Member } from "../member.ts";
import { passthruOf, requireNoEncAlgo } from "../passthru.ts";
import { refusal } from "../../errors/wamp-error.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
import { readBoolean, readUint } from "../read-options.ts";

/** What CALL.Options ask for (spec, basic/rpc and advanced/rpc_*). */
export interface CallOptions {
  /** Whether more parts of the call follow (advanced/rpc_progressive_call_invocations). */
  readonly progress: boolean;
  /** Whether the caller takes progressive results (advanced/rpc_progressive_call_results). */
  readonly receiveProgress: boolean;
  /** Whether the caller wants to be disclosed to the callee (advanced/rpc_caller_identification). */
  readonly discloseMe: boolean;
  /** In milliseconds; 0: none (advanced/rpc_call_timeout). */
  readonly timeout: number;
  /** Attributes of a payload that the router passes through unread; null for an ordinary payload. */
  readonly passthru: Readonly<Dict> | null;
}

const NONE: CallOptions = { progress: false, receiveProgress: false, discloseMe: false, timeout: 0, passthru: null };

/**
 * Reads the options of CALL.
 * @throws WampError a protocol violation for an option of a wrong type, or of a feature that was not announced;
 * `wamp.error.feature_not_supported` for `enc_algo`
 */
export function readCallOptions(options: Readonly<Dict>, caller: Member): CallOptions {
  if (isEmpty(options)) return NONE;
  requireNoEncAlgo(options);
  return {
    progress: readBoolean(options, "progress", NONE.progress),
    receiveProgress: readBoolean(options, "receive_progress", NONE.receiveProgress),
    discloseMe: readBoolean(options, "disclose_me", NONE.discloseMe),
    timeout: readUint(options, "timeout", NONE.timeout),
    passthru: passthruOf(options, caller, "caller"),
  };
}

/** @throws WampError `wamp.error.feature_not_supported` if a callee takes no calls in parts */
export function requireProgressiveCalls(callee: Member): void {
  // The spec spells the second feature in two ways (advanced/rpc_progressive_call_invocations).
  const cancels = callee.announced("callee", "call_canceling") || callee.announced("callee", "call_cancelling");
  if (cancels && callee.announced("callee", "progressive_call_invocations")) return;
  throw refusal(ErrorUri.featureNotSupported, "the callee does not support progressive call invocations");
}
