import type { Dict } from "../wamp/payload.ts";
import type { Cause } from "./login-cause.ts";
import type { PastLogin } from "./past-login.ts";
import type { Assignment } from "./assignment.ts";

/** What a hook of the handshake decides. Made by `accept`, `acceptAs`, `deny` and `challenge`. */
export type Verdict = Accept | Deny | Challenge;

export interface Accept {
  readonly kind: "accept";
  readonly assignment: Assignment | null;
  /** Whether `assignment` names the principal; if not, it changes the one that was found. */
  readonly replaces: boolean;
  readonly authmethod: string | null;
  readonly provider: string | null;
  /** An earlier login, as which it counts. */
  readonly past: PastLogin | null;
}

export interface Deny {
  readonly kind: "deny";
  readonly reason: string;
  readonly message: string | null;
  /** Why, for the operator. Without it, or if there is no such cause, the proof was wrong. */
  readonly cause?: Cause | undefined;
}

export interface Challenge {
  readonly kind: "challenge";
  readonly extra: Readonly<Dict>;
  readonly state: unknown;
}

/** A strategy's answer to the question who the client is. Made by `credential`, `accepted`, `denied` and `unknown`. */
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
  /** Why, for the operator. Without it, or if there is no such cause, the plugin turned the client away. */
  readonly cause?: Cause | undefined;
}

export interface UnknownAnswer {
  readonly kind: "unknown";
}
