import type { Dict } from "../wamp/payload.ts";
import type { Assignment, Principal } from "./assignment.ts";
import type { ListenEndpoint } from "./endpoint.ts";
import type { Hello } from "./hello.ts";
import type { PastLogin } from "./past-login.ts";
import type { Log } from "./log.ts";
import type { Schema } from "./schema.ts";
import type { BlockSurroundings, OpenBlock } from "./block.ts";
import type { MethodApi } from "./shared-state.ts";
import type { CredentialAnswer, PrincipalAnswer, Verdict } from "./verdict.ts";

/** When a method asks who the client is: at HELLO (it needs the secret to challenge), or after AUTHENTICATE. */
export type Phase = "hello" | "authenticate";

/**
 * What `resolvePrincipal` found. If the method's `strategyMayVerify` is true, it may be a `VerifiedPrincipal`; otherwise it
 * always has a credential to check the proof with.
 *
 * @example
 * const found = await attempt.resolvePrincipal();
 * return constantTimeEqual(found.credential.word, proof.signature) ? accept() : deny();
 *
 * @example
 * // strategyMayVerify: true
 * return found.verified || constantTimeEqual(found.credential.ticket, proof.signature) ? accept() : deny();
 */
export type Resolved<C, V extends boolean = boolean> =
  FoundCredential<C> | (V extends true ? VerifiedPrincipal : never);

/** A principal whose proof the method has to check, by the credential. */
export interface FoundCredential<C> {
  readonly verified: false;
  readonly credential: C;
  readonly principal: Principal;
}

/** A principal whose proof the strategy has checked: there is nothing left to check. */
export interface VerifiedPrincipal {
  readonly verified: true;
  readonly principal: Principal;
}

/**
 * A login by one method: the Hello, and the way to ask who it is. One for each factor of a login. That of a further factor
 * has the realm and authid that the first one assigned. `V`: its `strategyMayVerify`.
 */
export interface LoginAttempt<C = unknown, V extends boolean = boolean> extends Hello {
  readonly authmethod: string;
  /** 1, or the number of the further factor. */
  readonly factor: number;
  /**
   * An earlier factor has failed already, and the client must not learn that yet: whatever the method decides, the login is
   * denied. A method that remembers proofs (codes that count once, wrong ones) does the same work, and forgets this one.
   */
  readonly isDecoy: boolean;
  /**
   * Asks the blocks of this method, in order, who the client is. At most once a login, in the phase the method declared.
   * An unknown authid gives the method's decoy, and whatever the method then decides, the login is denied.
   *
   * @param query `facts` go to the strategy (ticket: `{ ticket }`); `authid` replaces the one of HELLO
   * @throws if a strategy denied or failed: do not catch it, the login is denied already
   */
  resolvePrincipal(query?: { facts?: Readonly<Dict>; authid?: string }): Promise<Resolved<C, V>>;
}

/** The client's answer to CHALLENGE. */
export interface Proof {
  readonly signature: string;
  readonly extra: Readonly<Dict>;
  /** What the challenge was sent with. */
  readonly state: unknown;
}

/** The question to a strategy: who is this client? */
export interface PrincipalQuery {
  readonly attempt: Hello & { readonly authmethod: string };
  readonly method: AuthMethod;
  readonly realm: string | null;
  readonly authid: string | null;
  readonly facts: Readonly<Dict>;
  /** The role of a principal that is assigned none: the block's `default-role`. */
  readonly defaultRole: string | null;
  readonly phase: Phase;
  /** Whether this is the last block: if it does not know the authid, no block does. */
  readonly last: boolean;
  readonly signal: AbortSignal;
}

/** How a method keeps principals in its own block, `type: static`. `S`: the schema's output, `B`: what `prepare` makes of it. */
export interface StaticPrincipals<B = unknown, S = B> {
  /** What the block holds, less the keys that core takes out (`type`, `default-role`). */
  readonly schema: Schema<S>;
  /** Work to do once, at the start: the method gets its result instead of the block. */
  readonly prepare?: (block: S) => B | Promise<B>;
  /**
   * Looks at the files and modules that a block names, as a strategy's `check` does.
   * @throws BlockError, which names the key
   */
  readonly check?: (block: B, surroundings: BlockSurroundings) => void | Promise<void>;
  /** Tries the servers, databases and stores that a block names, as a strategy's `probe` does; for methods that have `open`. */
  readonly probe?: (
    block: B,
    surroundings: BlockSurroundings & { readonly signal: AbortSignal },
  ) => string | undefined | Promise<string | undefined>;
  /**
   * Makes what a block needs while the router runs, as a strategy's `open` does. `find`, `applies` and
   * `UpgradeRequest.ask` get its `value` in place of the block.
   *
   * @param at where the block stands in the config, for the log
   */
  readonly open?: (
    block: B,
    surroundings: BlockSurroundings & { readonly at: string; readonly log: Log },
  ) => OpenBlock<B> | Promise<OpenBlock<B>>;
  /**
   * Whether the block has anything to do with this client. If no block of a method has, the method is passed over, and the
   * client's next one is tried. Default: it always has.
   *
   * @param transport what the config says of the client's transport
   */
  readonly applies?: (hello: Hello, block: B, transport: LoginPlace) => boolean | Promise<boolean>;
  /** Looks up a principal. After a reload it is asked about each session, only by realm and authid. */
  readonly find: (query: PrincipalQuery, block: B) => PrincipalAnswer | Promise<PrincipalAnswer>;
  /** What the block assigns to each principal, to check that the realms and roles exist. */
  readonly assignments: (block: B) => readonly StaticAssignment[];
  /**
   * The keys of a principal that may hold what its proof is checked with: `["ticket", "ticket-hash"]`. Where the proof of
   * a login is wrong, the operator is told in which line of the config that value stands, or which variable of the
   * environment it came from; never the value. Default: none, and the operator is told the principal's line.
   */
  readonly secrets?: readonly string[];
}

/** The transport by which a client logs in, as a block may ask about it. */
export interface LoginPlace {
  /** Whether it would let the client of an earlier login in again. The proof of that login counts as right. */
  judge(past: PastLogin): Promise<PastJudgement>;
}

/** @property why a sentence for the operator */
export type PastJudgement =
  /** `isPlaceGone`: its realm or its role is not there any more; if not, its principal is not, or its method. */
  | { readonly why: string; readonly isPlaceGone: boolean }
  /** @property expires when the login ends now: a static principal's `expires` may have moved */
  | { readonly why: null; readonly expires: number | null };

/** What a static block assigns to one principal. Without `role` it is the block's `default-role`. */
export interface StaticAssignment extends Pick<Assignment, "realm" | "role" | "expires" | "then"> {
  /** The keys in the block that lead to it. The last one is its authid, where it has one. */
  readonly path: readonly (string | number)[];
  /** The role that it has without `role` and without `default-role`; default: none, and its login fails. */
  readonly otherwise?: string;
  /** What is probably wrong with it: its login can never succeed, its keys are weak … `wampgate check` warns of it. */
  readonly warning?: string | undefined;
}

/** The client's half of a method: what a client sends that has the secret. Test suites, tools and benchmarks log in by it. */
export interface ClientHalf {
  /** HELLO's `authextra`. Default: none. */
  readonly authextra?: (secret: string) => Readonly<Dict> | Promise<Readonly<Dict>>;
  /**
   * What AUTHENTICATE has.
   *
   * @param challenge CHALLENGE's `extra`
   * @param hello what the client's HELLO said: a method may sign that, too
   */
  readonly answer: (
    challenge: Readonly<Dict>,
    secret: string,
    hello: SaidHello,
  ) => ClientAnswer | Promise<ClientAnswer>;
}

/** What a client's HELLO said of its login. */
export interface SaidHello {
  readonly authid: string | null;
  /** Empty if it had none. */
  readonly authextra: Readonly<Dict>;
}

/** AUTHENTICATE's signature, alone or with its `extra`. */
export type ClientAnswer = string | { readonly signature: string; readonly extra: Readonly<Dict> };

/** An authentication method: what it challenges, and how a proof is checked. `C` is the credential, `B` its block at work. */
export interface AuthMethod<C = unknown, B = unknown, S = B, V extends boolean = boolean> {
  /** As in HELLO's `authmethods`. */
  readonly name: string;
  readonly at: Phase;
  /** What its proof is called, in messages for the operator: `ticket`, `signature`. Default: `proof`. */
  readonly proof?: string;
  /** What a strategy must give it. `role`, `realm`, `authid`, `extra` and `type` are core's. */
  readonly credential: Schema<C>;
  /** Whether a strategy can judge the proof itself, as for a ticket. Default false. */
  readonly strategyMayVerify?: V;
  /**
   * With `strategyMayVerify`: an authenticator whose answer has this key leaves the proof to the method, and gives what to
   * check it with. Default: it always judges the proof itself.
   */
  readonly credentialKey?: string;
  readonly static?: StaticPrincipals<B, S>;
  /** The `type` of a block that names none. Default: each block must name its type. */
  readonly defaultType?: string;
  /**
   * Whether the method has anything to do with this client. If false, it is passed over as if it were not configured, and
   * the client's next method is tried. Default: it always applies.
   */
  readonly applies?: (hello: Hello) => boolean | Promise<boolean>;
  /**
   * Why a login by this method alone is weak. `wampgate check` warns with it where clients may begin with the method: it is
   * meant as a further factor.
   */
  readonly weakness?: string;
  /**
   * Why no client can log in by the method at an endpoint, as a sentence; null if some can. `wampgate check` warns with it
   * where clients may begin with the method.
   */
  readonly unusableAt?: (endpoint: ListenEndpoint) => string | null;
  /** The client's half. A method whose proofs only a device or a browser can make has none. */
  readonly client?: ClientHalf;
  readonly challenge: (attempt: LoginAttempt<C, V>) => Verdict | Promise<Verdict>;
  /**
   * Judges the client's answer. `api` is the one that the plugin's `apply` gets: `api.shared.spend` is for proofs that count
   * once.
   */
  readonly authenticate?: (
    attempt: LoginAttempt<C, V>,
    proof: Proof,
    state: unknown,
    api: MethodApi,
  ) => Verdict | Promise<Verdict>;
  /**
   * A credential of the usual shape for an unknown authid, made from the method's static blocks. If the challenge shows a
   * role, the answer's assignment names it, or null for none: `defaultRoles` has the `default-role` of each block. If it
   * imitates one principal, the assignment also names its `then`, or null for none: `thens` has that of each block.
   */
  readonly decoy: (
    query: PrincipalQuery,
    blocks: readonly B[],
    defaultRoles: readonly (string | null)[],
    thens: readonly (string | null)[],
  ) => CredentialAnswer | Promise<CredentialAnswer>;
}
