import { createHash } from "node:crypto";
import type { Hello, ListenEndpoint } from "@wampgate/core";
import type { Options } from "./options.ts";

/** What a signed challenge is bound to. */
export type Bound =
  /** Each id that the client may have combined its challenge with; none: without a binding. */
  | { readonly ids: readonly Buffer[] }
  /** @property problem a sentence for the client @property reason why, for the operator */
  | { readonly ids: null; readonly problem: string; readonly reason: string };

/**
 * The ids of a client's connection by the binding that it asks for. A binding that the connection does not have ends the login:
 * otherwise an attacker between client and router need only take it out of HELLO.
 */
export function boundTo(name: string | null, transport: Hello["transport"], options: Options): Bound {
  const mode = options["channel-binding"];
  if (name === null) return mode === "required" ? none(REQUIRED, "channel-binding is required") : { ids: [] };
  const problem = `this connection has no channel binding "${name}"`;
  if (mode === "off") return none(problem, "channel-binding is off");
  const binding = transport.channelBinding(name);
  if (binding.values === null) return none(problem, binding.reason);
  const { values, tlsVersion } = binding;
  if (name !== "tls-unique") return { ids: values.map((value) => Buffer.from(value)) };
  if (tlsVersion === "TLSv1.3" && !options["tls-unique-on-tls13"])
    return none(problem, "it uses TLS 1.3, and tls-unique-on-tls13 is false");
  // Of two values: the RFC means the client's, autobahn-python on Twisted and Crossbar take the server's.
  return { ids: values.map((value) => createHash("sha256").update(value).digest()) };
}

const REQUIRED =
  "a login by cryptosign needs a channel binding here: name tls-exporter or tls-unique in authextra.channel_binding, over TLS";

function none(problem: string, reason: string): Bound {
  return { ids: null, problem, reason };
}

/** Why no connection of an endpoint has the binding that every login needs; null if some may have it. */
export function unbindableAt(endpoint: ListenEndpoint, options: Options): string | null {
  if (options["channel-binding"] !== "required" || (endpoint.type === "tcp" && endpoint.tls !== undefined)) return null;
  return "channel-binding is required, and this endpoint has no TLS of its own, so that logins by cryptosign fail";
}

/** The bytes that are signed: the challenge itself, or combined with the id of a channel. Both have 32 bytes. */
export function bind(challenge: Buffer, id: Buffer | undefined): Buffer {
  return id === undefined ? challenge : Buffer.from(challenge.map((byte, i) => byte ^ (id[i] as number)));
}
