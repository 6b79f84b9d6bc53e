import type { Dict, Hello, ListenEndpoint } from "@wampgate/core";
import { bytesOf } from "./base64.ts";
import type { Bound, Dialect } from "./dialect.ts";
import type { Options } from "./options.ts";

/** A channel binding that HELLO asks for, and the values that the router knows of it: any of them is right. */
export interface Binding {
  readonly name: string;
  readonly values: readonly Uint8Array[];
}

/** Why a client's binding is not to be had: a sentence for the client, and why, for the operator. */
export interface Unbindable {
  readonly problem: string;
  readonly reason: string;
}

/** No binding has a longer name; the name is shown to its client. */
const LONGEST_NAME = 64;

/**
 * The channel binding that HELLO asks for; null: none. One that the connection does not have ends the login: otherwise an
 * attacker between client and router need only take it out of HELLO.
 */
export function bindingFor(
  { authextra, transport }: Pick<Hello, "authextra" | "transport">,
  { method, binds }: Dialect,
  { "channel-binding": mode }: Options,
): Binding | Unbindable | null {
  const name = authextra?.["channel_binding"] ?? null;
  if (mode === "required" && !binds)
    return {
      problem: `a login needs a channel binding here, which ${method} has not: use wamp-scram`,
      reason: REQUIRED,
    };
  if (name === null) return mode === "required" ? { problem: NEEDED, reason: REQUIRED } : null;
  if (typeof name !== "string" || name.length > LONGEST_NAME)
    return {
      problem: "authextra.channel_binding must be the name of a channel binding, or null",
      reason: "it is no name",
    };
  if (!binds)
    return { problem: `${method} has no channel binding: use wamp-scram for one`, reason: `${method} has none` };
  const problem = `this connection has no channel binding "${name}"`;
  if (mode === "off") return { problem, reason: "channel-binding is off" };
  const found = transport.channelBinding(name);
  if (found.values === null) return { problem, reason: found.reason };
  // RFC 9266 section 3: tls-unique is not defined for TLS 1.3.
  if (name === "tls-unique" && found.tlsVersion === "TLSv1.3")
    return { problem, reason: "it uses TLS 1.3, which has tls-exporter instead" };
  return { name, values: found.values };
}

const NEEDED =
  "a login needs a channel binding here: name tls-exporter or tls-unique in authextra.channel_binding, over TLS";
const REQUIRED = "channel-binding is required";

/** Why no connection of an endpoint has the binding that every login needs; null if some may have it. */
export function unbindableAt(endpoint: ListenEndpoint, { method, binds }: Dialect, options: Options): string | null {
  const isMissing = endpoint.type !== "tcp" || endpoint.tls === undefined;
  if (options["channel-binding"] !== "required" || !binds || !isMissing) return null;
  return `${REQUIRED}, and this endpoint has no TLS of its own, so that logins by ${method} fail`;
}

/** What AUTHENTICATE's extra says of the binding; undefined if it is not what HELLO said, or not this connection's. */
export function boundBy(extra: Readonly<Dict>, binding: Binding | null): Bound | null | undefined {
  const { channel_binding: name = null, cbind_data: text = null } = extra;
  if (binding === null) return name === null && text === null ? null : undefined;
  const data = bytesOf(text);
  if (name !== binding.name || data === null) return undefined;
  return binding.values.some((value) => data.equals(value)) ? { name, data } : undefined;
}
