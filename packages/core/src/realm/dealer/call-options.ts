import { type Dict, isEmpty } from "../../wamp/payload.ts";
import type { Member } from "../member.ts";
import { passthruOf, requireNoEncAlgo } from "../passthru.ts";
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
