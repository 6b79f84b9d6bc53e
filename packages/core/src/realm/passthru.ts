import type { Dict } from "../wamp/payload.ts";
import { protocolViolation, refusal } from "../errors/wamp-error.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import type { Member } from "./member.ts";
import { readString } from "./read-options.ts";

/** The attributes of a payload that the router passes through unread (spec, advanced/payload_passthru_mode). */
const ATTRIBUTES = ["ppt_scheme", "ppt_serializer", "ppt_cipher", "ppt_keyid"] as const;

type ClientRole = "publisher" | "subscriber" | "caller" | "callee";

/**
 * The passthru attributes of a message that `sender` sent in `role`; null for an ordinary payload.
 * @throws WampError a protocol violation if the sender did not announce the feature
 */
export function passthruOf(options: Readonly<Dict>, sender: Member, role: ClientRole): Readonly<Dict> | null {
  if (options["ppt_scheme"] === undefined) return null;
  const attributes: Dict = {};
  for (const key of ATTRIBUTES) {
    const value = readString(options, key);
    if (value !== null) attributes[key] = value;
  }
  if (!sender.announced(role, "payload_passthru_mode"))
    throw protocolViolation(`ppt_scheme was used by a ${role} that did not announce payload_passthru_mode`);
  return attributes;
}

/**
 * @throws WampError `wamp.error.feature_not_supported` for a payload as older clients encrypt it, by `enc_algo`: the spec
 * has `ppt_scheme` in its place
 */
export function requireNoEncAlgo(options: Readonly<Dict>): void {
  if (options["enc_algo"] === undefined) return;
  throw refusal(ErrorUri.featureNotSupported, "payloads with enc_algo are not supported; use payload_passthru_mode");
}

/** @throws WampError `wamp.error.feature_not_supported` if the receiver does not support such a payload */
export function requirePassthru(attributes: Readonly<Dict> | null, receiver: Member, role: ClientRole): void {
  if (attributes === null || receiver.announced(role, "payload_passthru_mode")) return;
  throw refusal(ErrorUri.featureNotSupported, `the ${role} does not support payload_passthru_mode`);
}
