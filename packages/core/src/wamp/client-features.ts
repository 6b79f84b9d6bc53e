import type { Dict } from "./payload.ts";

/**
 * The features a client may announce in HELLO that the router reads (spec, advanced/features), by the role they belong
 * to. Nothing else of HELLO's roles is kept: clients announce many features, of any length, and each session would hold
 * them until its end. Add a feature here before the router reads it.
 */
export const CLIENT_FEATURES = {
  publisher: ["payload_passthru_mode"],
  subscriber: ["payload_passthru_mode", "subscription_revocation"],
  caller: ["payload_passthru_mode"],
  callee: [
    "call_canceling",
    "call_cancelling", // the spelling of some clients
    "call_timeout",
    "payload_passthru_mode",
    "progressive_call_invocations",
    "progressive_call_results",
    "registration_revocation",
  ],
} as const;

/** A role of a client, as in HELLO. */
export type ClientRole = keyof typeof CLIENT_FEATURES;

/** What a client announced for one of its roles: all features of `CLIENT_FEATURES`, true if it announced them. */
export interface AnnouncedRole {
  readonly features: Readonly<Record<string, boolean>>;
}

/** The roles that a client announced. */
export type ClientRoles = { readonly [R in ClientRole]?: AnnouncedRole } & Readonly<Dict>;

export const CLIENT_ROLES = Object.keys(CLIENT_FEATURES) as readonly ClientRole[];

/** Each role with each choice of its features, created once and shared by all sessions, by the features as bits. */
const shared: Readonly<Record<ClientRole, (AnnouncedRole | undefined)[]>> = {
  publisher: [],
  subscriber: [],
  caller: [],
  callee: [],
};

/** What the last client announced. Clients of one library announce the same, and share it. */
let last: ClientRoles = Object.freeze({});

/**
 * What is kept of HELLO's roles. @param roles as received: dictionaries by role, each with an optional dictionary
 * `features`
 */
export function clientRolesOf(roles: Readonly<Dict>): ClientRoles {
  if (CLIENT_ROLES.every((role) => last[role] === announcedIn(roles, role))) return last;
  const known: { [R in ClientRole]?: AnnouncedRole } = {};
  for (const role of CLIENT_ROLES) {
    const announced = announcedIn(roles, role);
    if (announced !== undefined) known[role] = announced;
  }
  return (last = Object.freeze(known));
}

function announcedIn(roles: Readonly<Dict>, role: ClientRole): AnnouncedRole | undefined {
  const announced = roles[role] as Readonly<Dict> | undefined;
  return announced && sharedRole(role, (announced["features"] ?? {}) as Readonly<Dict>);
}

function sharedRole(role: ClientRole, features: Readonly<Dict>): AnnouncedRole {
  const names = CLIENT_FEATURES[role];
  let bits = 0;
  for (let i = 0; i < names.length; i++) if (features[names[i] as string] === true) bits |= 1 << i;
  return (shared[role][bits] ??= Object.freeze({
    features: Object.freeze(Object.fromEntries(names.map((name, i) => [name, (bits & (1 << i)) !== 0]))),
  }));
}
