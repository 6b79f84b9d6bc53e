import type { Assignment, Dict, Log, SentDetails } from "@wampgate/core";

/**
 * What an authenticator answers: a role, or a dictionary with what is assigned to the client and what its method needs
 * (wampcra: `secret`, `salt` …). Null: it does not know the client, so that the next block is asked.
 */
export type Answer = string | null | (Assignment & Readonly<Dict>);

/**
 * Decides one login.
 *
 * @param realm the one that the client asks for; null: none
 * @param authid who the client says it is; null: it does not say
 * @param details all that is known of the client, and what its method adds: `ticket`
 * @param options `signal` fires when the client has left, or the time is over
 * @throws WampError: the client gets its URI and its message. All else is logged, and the client learns nothing of it.
 */
export type Authenticate = (
  realm: string | null,
  authid: string | null,
  details: SentDetails,
  options: { readonly signal: AbortSignal },
) => Answer | Promise<Answer>;

/** What `create` may give in place of the function alone. */
export interface Authenticator {
  readonly authenticate: Authenticate;
  /** Ends what `create` has opened. */
  readonly close?: () => void | Promise<void>;
}

/**
 * Makes the authenticator of one block, at the start and at each reload.
 *
 * @param config the block's `config`, unchecked
 * @param context `log`: its lines name the block
 */
export type Create<C = unknown> = (
  config: C,
  context: { readonly log: Log },
) => Authenticate | Authenticator | Promise<Authenticate | Authenticator>;

/**
 * Types a module's `create`, and gives it back.
 *
 * @example
 * export const create = defineAuthenticator<{ readonly guests: readonly string[] }>(({ guests }) => (_realm, authid) =>
 *   authid !== null && guests.includes(authid) ? "guest" : null,
 * );
 */
export function defineAuthenticator<C = unknown>(create: Create<C>): Create<C> {
  return create;
}
