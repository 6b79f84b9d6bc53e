/**
 * Why logins end without WELCOME, by code: what the sentence of each names. For the operator only: no client learns it.
 * The sentences are in auth/causes.ts.
 */
export interface CauseParams {
  /** No block of the method knows the authid. */
  readonly "unknown-authid": { readonly method: string; readonly authid: string };
  /** `proof`: what the method calls it, `ticket`. */
  readonly "wrong-proof": { readonly authid: string; readonly proof: string };
  /** The earlier proofs are right, but that of a further factor is not. `proof`: what its method calls it. */
  readonly "second-factor": { readonly method: string; readonly authid: string; readonly proof: string };
  /** A `then` names a method that cannot be a further factor of the login. `problem`: why not. */
  readonly "no-factor": { readonly method: string; readonly transport: string; readonly problem: string };
  /** The proof is right, but the login has expired. `expired`: when. */
  readonly expired: { readonly authid: string; readonly expired: string };
  /** The client's methods, and those that its transport has for it. `transport`: which one, and its place in the config. */
  readonly "no-method": { readonly offered: string; readonly transport: string; readonly configured: string };
  /** A procedure that decides logins is not registered. */
  readonly "no-authenticator": { readonly uri: string; readonly realm: string };
  /** It raised an error of this URI. */
  readonly "authenticator-error": { readonly uri: string; readonly error: string };
  /** It did not answer in time. `timeout`: in milliseconds. */
  readonly "authenticator-timeout": { readonly uri: string; readonly timeout: number };
  /** It left during the call. */
  readonly "authenticator-gone": { readonly uri: string };
  /** It reads too slowly to be asked. */
  readonly "authenticator-busy": { readonly uri: string };
  /** It is a function that threw something other than a WampError. */
  readonly "authenticator-failed": { readonly uri: string };
  /** It is a server that could not be asked, or failed. `problem` says why. */
  readonly "authenticator-unavailable": { readonly uri: string; readonly problem: string };
  /** Its answer cannot be used. `problem` names keys and what was expected, never a value. */
  readonly "authenticator-answer": { readonly uri: string; readonly problem: string };
  /** A row that a query found is none of a principal. `problem` names columns and what was expected, never a value. */
  readonly "bad-row": { readonly uri: string; readonly problem: string };
  /** A token was refused. `problem` names a claim at most, never a value. */
  readonly "bad-token": { readonly problem: string };
  /** The client's certificate was refused. `problem` says why, and may name attributes and a fingerprint. */
  readonly "bad-certificate": { readonly problem: string };
  /** The keys that tokens are checked with cannot be had. */
  readonly "no-keys": { readonly uri: string; readonly problem: string };
  /** What a method keeps in a store cannot be had. `what`: what the store is for, `codes`. */
  readonly "no-store": { readonly what: string };
  /** The realm is not there; "": none was assigned. */
  readonly "no-realm": { readonly realm: string };
  /** The realm has no such role; "": none was assigned. `roles`: those that it has. */
  readonly "no-role": { readonly realm: string; readonly role: string; readonly roles: string };
  /** No authid was assigned. */
  readonly "no-principal": { readonly realm: string };
  /** A plugin turned the client away. */
  readonly "plugin-denied": { readonly plugin: string; readonly hook: string };
  /** A plugin failed. `code`: of the error. */
  readonly "plugin-threw": { readonly plugin: string; readonly hook: string; readonly code: string };
  /** A method challenged the client too often. */
  readonly "too-many-rounds": { readonly method: string; readonly rounds: number };
  /** The config was reloaded during the login, and does not let the client in. */
  readonly reloaded: { readonly why: string };
  /** Too many logins have failed. `seconds`: how long the next one has to wait. */
  readonly "held-back": { readonly limit: string; readonly seconds: number };
  /** A limit is reached. */
  readonly limit: { readonly limit: string };
  /** `waiting`: what the router waited for, a message of the client, or a hook. */
  readonly timeout: { readonly waiting: string; readonly ms: number };
  /** The client left. `waiting`: as in `timeout`. */
  readonly left: { readonly waiting: string };
  /** The client broke the protocol. */
  readonly protocol: { readonly violation: string };
  /** The router stops, or closes the transport. */
  readonly stopping: { readonly why: string };
  /** The router itself failed; the log says why. */
  readonly failed: { readonly what: string };
}

export type CauseCode = keyof CauseParams;

/** Why a login ended, as a code and what its sentence names. */
export type Cause = { [C in CauseCode]: { readonly code: C; readonly params: CauseParams[C] } }[CauseCode];
