import type { Dict } from "../wamp/payload.ts";
import type { Hello } from "./hello.ts";
import type { PluginApi } from "./plugin.ts";
import type { Schema } from "./schema.ts";
import type { CredentialAnswer, Principal, PrincipalAnswer, Verdict } from "./verdict.ts";

/** When a method asks who the client is: at HELLO (it needs the secret to challenge), or after AUTHENTICATE. */
export type Phase = "hello" | "authenticate";

/** What `resolvePrincipal` found. `verified`: the strategy has checked the proof, there is nothing left to check. */
export type Resolved<C> =
  | { readonly verified: false; readonly credential: C; readonly principal: Principal }
  | { readonly verified: true; readonly principal: Principal };

/** A login by one method: the Hello, and the way to ask who it is. One for each HELLO. */
export interface LoginAttempt<C = unknown> extends Hello {
  readonly authmethod: string;
  /**
   * Asks the blocks of this method, in order, who the client is. At most once a login, in the phase the method declared.
   * An unknown authid gives the method's decoy, and whatever the method then decides, the login is denied.
   *
   * @param query `facts` go to the strategy (ticket: `{ ticket }`); `authid` replaces the one of HELLO
   * @throws where a strategy denied or failed: let it pass, the login is denied already
   */
  resolvePrincipal(query?: { facts?: Readonly<Dict>; authid?: string }): Promise<Resolved<C>>;
}

/** The client's answer to CHALLENGE. */
export interface Proof {
  readonly signature: string;
  readonly extra: Readonly<Dict>;
  /** What the challenge was sent with. */
  readonly state: unknown;
}

/** «Who is this?», as a strategy is asked. */
export interface PrincipalQuery {
  readonly attempt: Hello & { readonly authmethod: string };
  readonly method: AuthMethod;
  readonly realm: string | null;
  readonly authid: string | null;
  readonly facts: Readonly<Dict>;
  /** What a principal without a role of its own gets: the block's `default-role`. */
  readonly defaultRole: string | null;
  readonly phase: Phase;
  /** Whether no block follows this one: an unknown authid is then nobody else's either. */
  readonly last: boolean;
  readonly signal: AbortSignal;
}

/** How a method keeps principals in its own block, `type: static`. */
export interface StaticPrincipals<B = unknown, S = B> {
  /** What the block holds, less the keys that core takes out (`type`, `default-role`). */
  readonly schema: Schema<S>;
  /** Work to be done once, at start: its result stands in for the block wherever the method gets it. */
  readonly prepare?: (block: S) => B | Promise<B>;
  /** Looks a principal up. After a reload of the config it is asked about each session, by realm and authid alone. */
  readonly find: (query: PrincipalQuery, block: B) => PrincipalAnswer | Promise<PrincipalAnswer>;
  /** Whom the block assigns what, for the check that the realms and roles are there. */
  readonly assignments: (block: B) => readonly StaticAssignment[];
}

/** What a static block assigns to one principal. Without `role` it is the block's `default-role`. */
export interface StaticAssignment {
  /** Where in the block it stands. */
  readonly path: readonly (string | number)[];
  readonly realm?: string | null;
  readonly role?: string | null;
}

/** An authentication method: what it challenges, and how a proof is checked. */
export interface AuthMethod<C = unknown, B = unknown, S = B> {
  /** As in HELLO's `authmethods`. */
  readonly name: string;
  readonly at: Phase;
  /** What a strategy must give it. `role`, `realm`, `authid`, `extra` and `type` are core's. */
  readonly credential: Schema<C>;
  /** Whether a strategy can judge the proof itself, as for a ticket. Default false. */
  readonly strategyMayVerify?: boolean;
  readonly static?: StaticPrincipals<B, S>;
  readonly challenge: (attempt: LoginAttempt<C>) => Verdict | Promise<Verdict>;
  readonly authenticate?: (attempt: LoginAttempt<C>, proof: Proof, state: unknown) => Verdict | Promise<Verdict>;
  /**
   * A credential of the usual shape for an authid that nobody knows, made of the method's static blocks. Where the challenge
   * shows a role, the answer's assignment names it, or null for none: `defaultRoles` has the `default-role` of each block.
   */
  readonly decoy: (
    query: PrincipalQuery,
    blocks: readonly B[],
    defaultRoles: readonly (string | null)[],
  ) => CredentialAnswer | Promise<CredentialAnswer>;
}

/**
 * Declares a method. It only types what it is given; core checks the shape when the plugin is loaded.
 *
 * @example
 * defineMethod({
 *   name: "shout",
 *   at: "authenticate",
 *   credential: z.object({ word: z.string() }),
 *   challenge: () => challenge({}),
 *   authenticate: async (attempt, proof) => {
 *     const found = await attempt.resolvePrincipal();
 *     return !found.verified && constantTimeEqual(found.credential.word.toUpperCase(), proof.signature) ? accept() : deny();
 *   },
 *   decoy: () => credential({ word: randomUUID() }),
 * });
 */
export function defineMethod<C, B = unknown, S = B>(method: AuthMethod<C, B, S>): AuthMethod {
  return method as unknown as AuthMethod;
}

/** A procedure that a strategy calls, so that core lets nobody register it by a broad rule. */
export interface CalledProcedure {
  readonly uri: string;
  /** Null: the realm of HELLO, whichever it is. */
  readonly realm: string | null;
  /** The key of the block that names the realm, for messages. */
  readonly realmKey: string;
}

/** A strategy: where principals come from. */
export interface Strategy<B = unknown> {
  /** The `type` of a method's block that chooses it. */
  readonly type: string;
  /** What such a block holds, less the keys that core takes out. */
  readonly block: Schema<B>;
  /** `api` is the view of the router that the plugin was given: `api.call` calls procedures. */
  readonly resolve: (query: PrincipalQuery, block: B, api: PluginApi) => PrincipalAnswer | Promise<PrincipalAnswer>;
  /** The procedures that a block makes it call. Core then lets nobody register or call them by a broad rule. */
  readonly calls?: (block: B) => CalledProcedure[];
}

/**
 * Declares a strategy.
 *
 * @example
 * defineStrategy({
 *   type: "everybody",
 *   block: z.object({ role: z.string() }),
 *   resolve: (query, block) => credential({}, { authid: query.authid, role: block.role }),
 * });
 */
export function defineStrategy<B>(strategy: Strategy<B>): Strategy {
  return strategy as unknown as Strategy;
}
