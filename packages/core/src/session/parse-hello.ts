import { CLIENT_ROLES, type ClientRoles, clientRolesOf } from "../wamp/client-features.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { isDict, kindOf, type MessageOf } from "../wamp/messages.ts";
import type { Dict } from "../wamp/payload.ts";
import type { RawValue } from "../wamp/raw-value.ts";
import { isUri } from "../wamp/uri.ts";
import { protocolViolation, WampError } from "../errors/wamp-error.ts";

/** What a client says about itself in HELLO. */
export interface HelloFields {
  readonly realm: string | null;
  readonly authid: string | null;
  readonly authrole: string | null;
  readonly authmethods: readonly string[];
  readonly authextra: Readonly<Dict> | null;
  readonly rawAuthextra: RawValue | null;
  readonly roles: ClientRoles;
}

/**
 * Reads HELLO. An empty realm or authid counts as none.
 * @throws WampError `wamp.error.protocol_violation`, or `wamp.error.invalid_uri` for the realm
 */
export function parseHello({ realm, details, source }: MessageOf<"HELLO">): HelloFields {
  if (realm !== null && realm !== "" && !isUri(realm)) {
    throw new WampError(ErrorUri.invalidUri, "the realm in HELLO is not a legal URI");
  }
  const extra = authextra(details["authextra"]);
  return {
    realm: realm === "" ? null : realm,
    authid: name(details, "authid"),
    authrole: name(details, "authrole"),
    authmethods: authmethods(details["authmethods"]),
    authextra: extra,
    rawAuthextra: extra === null ? null : (source?.get(2)?.get("authextra") ?? null),
    roles: roles(details["roles"]),
  };
}

function name(details: Readonly<Dict>, key: string): string | null {
  const value = details[key];
  if (value === undefined || value === null || value === "") return null;
  if (typeof value === "string") return value;
  throw protocolViolation(`HELLO.details.${key} must be a string, found ${kindOf(value)}`);
}

/** No methods means anonymous, as in Crossbar. */
function authmethods(value: unknown): readonly string[] {
  if (value === undefined || value === null) return ["anonymous"];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw protocolViolation("HELLO.details.authmethods must be a list of strings");
  }
  return value.length === 0 ? ["anonymous"] : value;
}

function authextra(value: unknown): Readonly<Dict> | null {
  if (value === undefined || value === null) return null;
  if (isDict(value)) return value;
  throw protocolViolation(`HELLO.details.authextra must be a dictionary, found ${kindOf(value)}`);
}

/** Keeps only what the router reads. */
function roles(value: unknown): ClientRoles {
  if (!isDict(value) || !CLIENT_ROLES.some((role) => Object.hasOwn(value, role))) {
    throw protocolViolation(`HELLO.details.roles must name at least one of ${CLIENT_ROLES.join(", ")}`);
  }
  for (const role of CLIENT_ROLES) checkRole(role, value[role]);
  return clientRolesOf(value);
}

function checkRole(role: string, value: unknown): void {
  if (value === undefined) return;
  const features = isDict(value) ? (value["features"] ?? {}) : null;
  if (!isDict(features))
    throw protocolViolation(`HELLO.details.roles.${role} must be a dictionary, as must its features`);
}
