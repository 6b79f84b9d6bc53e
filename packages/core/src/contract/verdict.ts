import { ErrorUri } from "../wamp/error-uris.ts";
import { isDict } from "../wamp/messages.ts";
import type { Dict } from "../wamp/payload.ts";
import { isUri } from "../wamp/uri.ts";

/** What is assigned to a client. Without `realm` or `authid` the client's own wish stands; null or "" assigns none. Without `role` it is the block's `default-role`. */
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

/** What a hook of the handshake decides. Made by `accept`, `deny` and `challenge`. */
export type Verdict = Accept | Deny | Challenge;
export interface Accept {
  readonly kind: "accept";
  readonly assignment: Assignment | null;
  readonly authmethod: string | null;
  readonly provider: string | null;
}
export interface Deny {
  readonly kind: "deny";
  readonly reason: string;
  readonly message: string | null;
}
export interface Challenge {
  readonly kind: "challenge";
  readonly extra: Readonly<Dict>;
  readonly state: unknown;
}

/**
 * Lets the client in. Without `assignment` as the principal that `resolvePrincipal` found; with it as the one named
 * there (a tap of `hello` says method and provider too).
 */
export function accept(assignment?: Assignment, as: { authmethod?: string; provider?: string } = {}): Accept {
  return {
    kind: "accept",
    assignment: assignment ?? null,
    authmethod: as.authmethod ?? null,
    provider: as.provider ?? null,
  };
}

/**
 * Turns the client away. Without arguments the proof was wrong: `wamp.error.authentication_denied`, in the one text
 * that an unknown authid gets too.
 */
export function deny(reason: string = ErrorUri.authenticationDenied, message?: string): Deny {
  return { kind: "deny", reason, message: message ?? (reason === ErrorUri.authenticationDenied ? DENIED : null) };
}

/** The one text for a wrong proof and for an unknown authid. */
export const DENIED = "the authentication was denied: unknown authid or wrong proof";

/** Sends CHALLENGE with `extra`; `state` comes back, unseen by the client, with its AUTHENTICATE. */
export function challenge(extra: Readonly<Dict>, options: { state?: unknown } = {}): Challenge {
  return { kind: "challenge", extra, state: options.state };
}

/** What a strategy answers to «who is this?». Made by `credential`, `accepted`, `denied` and `unknown`. */
export type PrincipalAnswer = CredentialAnswer | AcceptedAnswer | DeniedAnswer | UnknownAnswer;
export interface CredentialAnswer {
  readonly kind: "credential";
  readonly credential: unknown;
  readonly assignment: Assignment;
}
export interface AcceptedAnswer {
  readonly kind: "accepted";
  readonly assignment: Assignment;
}
export interface DeniedAnswer {
  readonly kind: "denied";
  readonly reason: string;
  readonly message: string | null;
}
export interface UnknownAnswer {
  readonly kind: "unknown";
}

/** The principal's credential, in the shape the method declared; the method checks the proof against it. */
export function credential(value: unknown, assignment: Assignment = {}): CredentialAnswer {
  return { kind: "credential", credential: value, assignment };
}

/** The strategy has checked the proof itself. Legal only at `authenticate`, for a method with `strategyMayVerify`. */
export function accepted(assignment: Assignment): AcceptedAnswer {
  return { kind: "accepted", assignment };
}

/** Turns the client away with the strategy's own words. */
export function denied(reason: string = ErrorUri.authenticationFailed, message?: string): DeniedAnswer {
  return { kind: "denied", reason, message: message ?? null };
}

/** Not mine: ask the next block. After the last one the client is treated as one with a wrong proof. */
export function unknown(): UnknownAnswer {
  return { kind: "unknown" };
}

/** Whether `value` has the shape of a Verdict: what a tap of the handshake hooks may answer. */
export function isVerdict(value: unknown): value is Verdict {
  if (!isDict(value)) return false;
  switch (value["kind"]) {
    case "accept":
      return value["assignment"] === null || isAssignment(value["assignment"]);
    case "deny":
      return isRefusal(value);
    case "challenge":
      return isDict(value["extra"]);
    default:
      return false;
  }
}

/** Whether `value` has the shape of a PrincipalAnswer: what a strategy may answer. */
export function isPrincipalAnswer(value: unknown): value is PrincipalAnswer {
  if (!isDict(value)) return false;
  switch (value["kind"]) {
    case "credential":
    case "accepted":
      return isAssignment(value["assignment"]);
    case "denied":
      return isRefusal(value);
    case "unknown":
      return true;
    default:
      return false;
  }
}

function isRefusal({ reason, message }: Dict): boolean {
  return typeof reason === "string" && isUri(reason) && (message === null || typeof message === "string");
}

function isAssignment(value: unknown): value is Assignment {
  if (!isDict(value)) return false;
  const { realm, authid, role, extra } = value;
  const isName = (name: unknown): boolean => name === undefined || name === null || typeof name === "string";
  return isName(realm) && isName(authid) && isName(role) && (extra === undefined || extra === null || isDict(extra));
}
