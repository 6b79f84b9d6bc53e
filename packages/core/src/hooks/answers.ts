import type { Assignment } from "../contract/assignment.ts";
import type { Cause } from "../contract/login-cause.ts";
import type { Decision } from "../contract/authorization.ts";
import type { PastLogin } from "../contract/past-login.ts";
import type { UpgradeRefusal } from "../contract/upgrade.ts";
import type {
  Accept,
  AcceptedAnswer,
  Challenge,
  CredentialAnswer,
  DeniedAnswer,
  Deny,
  PrincipalAnswer,
  UnknownAnswer,
  Verdict,
} from "../contract/verdict.ts";
import { assignment } from "../settings/assignment.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { isDict } from "../wamp/messages.ts";
import type { Dict } from "../wamp/payload.ts";
import { isPossibleHeader } from "./http-header.ts";
import { isUri } from "../wamp/uri.ts";

/**
 * Lets the client in as the principal that `resolvePrincipal` found.
 *
 * @param patch changes to what that principal is assigned: `extra` is merged by key; `realm`, `authid` and `role`
 * replace the old value; `expires` only moves to an earlier time
 * @example accept({ extra: { lastLogin: "2026-01-31T08:00:00Z" } })
 */
export function accept(patch?: Assignment): Accept {
  return { kind: "accept", assignment: patch ?? null, replaces: false, authmethod: null, provider: null, past: null };
}

/**
 * Lets the client in as the principal named here. For the hook `hello`, and for methods that ask no strategy.
 *
 * @param assignment without `realm` or `authid` the client gets what it asked for
 * @param as what WELCOME shows as `authmethod` (in the hook `hello`) and `authprovider`
 * @example acceptAs({ authid: "ann", role: "user" }, { authmethod: "cookie", provider: "cookies" })
 */
export function acceptAs(assignment: Assignment, as: { authmethod?: string; provider?: string } = {}): Accept {
  return {
    kind: "accept",
    assignment,
    replaces: true,
    authmethod: as.authmethod ?? null,
    provider: as.provider ?? null,
    past: null,
  };
}

/**
 * Lets the client in as it was let in by an earlier login: with the same realm, authid, role and `extra`. A reload judges
 * its session as it would judge the earlier one. For methods whose proof is that the client has logged in before.
 *
 * @param past from the hook `joined`; it may have been kept as JSON
 * @param provider what WELCOME shows as `authprovider`; `authmethod` is that of the earlier login
 * @example acceptAgain(past, "cookie")
 */
export function acceptAgain(past: PastLogin, provider: string): Accept {
  const { realm, authid, authrole: role, extra, expires, authmethod } = past;
  return {
    kind: "accept",
    assignment: { realm, authid, role, extra, expires },
    replaces: true,
    authmethod,
    provider,
    past,
  };
}

/**
 * Turns the client away. Without arguments it means a wrong proof: `wamp.error.authentication_denied`, with the same
 * text as for an unknown authid.
 *
 * @param cause why, for the operator alone: `loginEnded`, the log and the inspector show it. It says, too, whether the login
 * counts as a failed one: not where nothing could judge the client
 */
export function deny(reason: string = ErrorUri.authenticationDenied, message?: string, cause?: Cause): Deny {
  const text = message ?? (reason === ErrorUri.authenticationDenied ? DENIED : null);
  return { kind: "deny", reason, message: text, ...(cause === undefined ? {} : { cause }) };
}

/** The one text for a wrong proof and for an unknown authid. */
export const DENIED = "the authentication was denied: unknown authid or wrong proof";

/** The one text for a login that nothing could decide, whatever failed. */
export const FAILED = "the login could not be decided; the router's log says why";

/** Sends CHALLENGE with `extra`; `state` comes back with the client's AUTHENTICATE; the client never sees it. */
export function challenge(extra: Readonly<Dict>, options: { state?: unknown } = {}): Challenge {
  return { kind: "challenge", extra, state: options.state };
}

/** The principal's credential, in the shape the method declared; the method checks the proof against it. */
export function credential(value: unknown, assignment: Assignment = {}): CredentialAnswer {
  return { kind: "credential", credential: value, assignment };
}

/** The strategy has checked the proof itself. Legal only for a method with `strategyMayVerify`. */
export function accepted(assignment: Assignment): AcceptedAnswer {
  return { kind: "accepted", assignment };
}

/**
 * Turns the client away with the strategy's own words.
 *
 * @param cause why, for the operator alone: `loginEnded`, the log and the inspector show it. It says, too, whether the login
 * counts as a failed one: not where nothing could judge the client
 * @example denied(undefined, undefined, { code: "no-authenticator", params: { uri: "com.example.auth", realm: "backstage" } })
 */
export function denied(reason: string = ErrorUri.authenticationFailed, message?: string, cause?: Cause): DeniedAnswer {
  return { kind: "denied", reason, message: message ?? null, cause };
}

/** This strategy does not know the client: ask the next block. After the last block it counts as a wrong proof. */
export function unknown(): UnknownAnswer {
  return { kind: "unknown" };
}

/**
 * Refuses a request to upgrade. For the hook `upgrade`.
 *
 * @param status the HTTP status, from 300 to 599
 * @param text for people, in the answer's body
 * @param headers of the answer
 * @example refuse(401, "Log in first.", { "WWW-Authenticate": "Basic" })
 */
export function refuse(status: number, text: string, headers: Readonly<Record<string, string>> = {}): UpgradeRefusal {
  return { kind: "refuse", status, text, headers };
}

/** Whether `value` has the shape of an UpgradeRefusal. */
export function isUpgradeRefusal(value: unknown): value is UpgradeRefusal {
  if (!isDict(value) || value["kind"] !== "refuse") return false;
  const { status, text, headers } = value;
  if (!Number.isInteger(status) || (status as number) < 300 || (status as number) > 599) return false;
  return typeof text === "string" && isDict(headers) && Object.entries(headers).every(isPossibleHeader);
}

/** Whether `value` has the shape of a Verdict, the answer of a tap of the handshake hooks. */
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

/** Whether `value` has the shape of a PrincipalAnswer, the answer of a strategy. */
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
  return assignment.safeParse(value).success;
}

/** Whether `value` has the shape of a Decision. */
export function isDecision(value: unknown): value is Decision {
  if (typeof value !== "object" || value === null) return false;
  const { allow, disclose } = value as Record<string, unknown>;
  return typeof allow === "boolean" && (disclose === undefined || typeof disclose === "boolean");
}
