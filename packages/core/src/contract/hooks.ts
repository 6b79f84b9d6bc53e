import type { Dict } from "../wamp/payload.ts";
import type { Action, AuthorizeQuery, Decision } from "./authorization.ts";
import type { Hello } from "./hello.ts";
import type { Principal } from "./assignment.ts";
import type { MatchPolicy } from "../wamp/uri.ts";
import type { ConfigRef, LoginRecord, LoginStep } from "./login-record.ts";
import type { LoginAttempt, PrincipalQuery, Proof } from "./method.ts";
import type { Cause, CauseCode } from "./login-cause.ts";
import type { PastLogin } from "./past-login.ts";
import type { LimitHit } from "./observers.ts";
import type { ServiceCallEnd } from "./service-call.ts";
import type { SessionInfo } from "./session-port.ts";
import type { UpgradeRefusal, UpgradeRequest } from "./upgrade.ts";
import type { PrincipalAnswer, Verdict } from "./verdict.ts";
import type { AsyncSeriesBailHook, AsyncSeriesHook, SyncHook } from "tapable";

/** A login that ended in WELCOME, with the same names as `LoginFailure`. `SessionInfo` says who joined. */
export interface LoginSuccess {
  /** The method, as WELCOME names it. */
  readonly authmethod: string;
  /** The strategy that knew the principal, as WELCOME's `authprovider` names it: `static`, `dynamic` … */
  readonly provider: string;
  /** The plugin that gave the last answer; null if core itself decided. */
  readonly plugin: string | null;
  /** From HELLO to WELCOME, the client's own time included, in milliseconds. */
  readonly ms: number;
  /** The same login for later: what `acceptAgain` takes. */
  readonly past: PastLogin;
  /** Ends the session with GOODBYE, as the meta API does. Does nothing if it has ended. */
  readonly end: (reason: string, message?: string) => void;
}

/** A login that ended in ABORT. */
export interface LoginFailure {
  /** Null if HELLO itself was refused. */
  readonly hello: Hello | null;
  /** Who it was: `transport.peer`. */
  readonly peer: string;
  /** Null if none was chosen. */
  readonly authmethod: string | null;
  /** The strategy that answered, by its type: `static`, `dynamic` …; null if none did. */
  readonly provider: string | null;
  /** The plugin that gave the last answer; null if core itself decided. */
  readonly plugin: string | null;
  readonly reason: string;
  readonly message: string | null;
  /** Why it ended, for the operator: `causeText(cause)` says it in words. The client must not learn it. */
  readonly cause: Cause;
  /** From HELLO to ABORT, in milliseconds. */
  readonly ms: number;
}

/** How a session ended. */
export interface SessionEnd {
  /**
   * Who ended it: the client, also by breaking the protocol or by losing its connection; `kill`: a procedure of the meta
   * API; `reload`: the config does not let it stay; `expired`: its login has expired, or its time is over; `router`: the
   * router stops, or failed at one of its messages.
   */
  readonly by: "client" | "router" | "kill" | "reload" | "expired";
  /** The reason of GOODBYE or ABORT; null if the connection ended without one. */
  readonly reason: string | null;
}

/** An action of a session that was denied. */
export interface ActionDenied {
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly session: SessionInfo;
  readonly realm: string;
  readonly role: string;
  readonly action: Action;
  readonly uri: string;
  /** How `uri` was to be compared: only what is subscribed to or registered may be a pattern. */
  readonly match: MatchPolicy;
  /**
   * What denied it. `guard`: what needs a rule of its own, as the procedure of an authenticator. `hook`: a tap of the hook
   * `authorize`.
   */
  readonly by: "rule" | "no-rule" | "authorizer" | "hook" | "guard";
  /** The same in words, as in the log: a rule, an authorizer, a plugin, or `no rule`. */
  readonly rule: string;
  /** Where the rule or the authorizer stands in the config; for all others, where the role does. */
  readonly config: ConfigRef;
}

/** How a block of a strategy answered the question who a client is. */
export interface StrategyAnswer {
  readonly authmethod: string;
  /** The `type` of the block, and where it stands in the config. */
  readonly strategy: string;
  readonly config: ConfigRef;
  /** `failed`: it threw, or was late; `cancelled`: the client has left. */
  readonly kind: PrincipalAnswer["kind"] | "failed" | "cancelled";
  /** Why it denied the login; null if it did not, or did not say. */
  readonly cause: CauseCode | null;
  /** From the question to the answer, in milliseconds. */
  readonly ms: number;
  /** The session that logs in. */
  readonly session: number;
}

/** A router that is about to start. */
export interface Starting {
  /** Fires when a tap has taken too long: half a minute. */
  readonly signal: AbortSignal;
}

/**
 * Hooks by name. `for` creates a hook while the router is set up. `get` never does, so it is safe for names from the
 * wire.
 */
export interface NamedHooks<H> {
  /** The hook for `name`, to be tapped. @throws PluginError if the router already listens and has no such hook */
  for(name: string): H;
  get(name: string): H | undefined;
  /** All names that `for` was called with. */
  names(): ReadonlySet<string>;
}

/** All hooks of a router. They are about a session's life; none runs for each message. */
export interface RouterHooks {
  /**
   * A client asks to upgrade its HTTP connection to a WebSocket; the router itself would take it. A tap returns
   * `refuse(status, text, headers)`, or `undefined` to let the next one decide; `request.setHeader` adds to the answer
   * 101, `request.setFact` to the client's Hello. Meanwhile the client counts as a pending login. After five seconds it
   * gets 503, and if a tap throws, 500.
   *
   * @example hooks.upgrade.tap("room", (request) => (request.url.includes("room=") ? undefined : refuse(400, "Name a room.")));
   */
  readonly upgrade: AsyncSeriesBailHook<[UpgradeRequest], UpgradeRefusal | undefined>;
  /**
   * HELLO was read, and no method is chosen yet. A tap returns `acceptAs(assignment, { authmethod, provider })` or
   * `deny(reason, message)` to settle the login here, or `undefined` to leave it to the methods. A throw denies.
   *
   * @example hooks.hello.tap("ban-list", (hello) => (banned.has(hello.transport.address) ? deny() : undefined));
   */
  readonly hello: AsyncSeriesBailHook<[Hello], Verdict | undefined>;
  /**
   * A method was chosen. The hooks are by the method's name. A tap returns `challenge(extra, { state })`, `accept()` or
   * `deny()`. Core taps it for each method that a plugin declares. A throw denies.
   *
   * @example hooks.challenge.for("ticket").tap({ name: "log", stage: -1 }, (attempt) => void attempt.log.info({}, "ticket"));
   */
  readonly challenge: NamedHooks<AsyncSeriesBailHook<[LoginAttempt], Verdict | undefined>>;
  /**
   * AUTHENTICATE came. The hooks are by the method's name. A tap returns `accept()`, `deny()`, or `challenge()` for one
   * more round. A throw denies.
   *
   * @example hooks.authenticate.for("ticket").tap({ name: "no-empty", stage: -1 }, (attempt, { signature }) => (signature === "" ? deny() : undefined));
   */
  readonly authenticate: NamedHooks<AsyncSeriesBailHook<[LoginAttempt, Proof], Verdict | undefined>>;
  /**
   * A method asks who the client is. The hooks are by the `type` of its block. A tap returns `credential()`,
   * `accepted()`, `denied()` or `unknown()`. Core taps it for each strategy that a plugin declares, and for `static`. A
   * throw denies.
   *
   * @example hooks.principal.for("static").tap({ name: "count", stage: -1 }, (query) => void count(query.authid));
   */
  readonly principal: NamedHooks<AsyncSeriesBailHook<[PrincipalQuery, unknown], PrincipalAnswer | undefined>>;
  /**
   * All proofs are right, and nothing is granted yet: for a further check of any method. A tap returns `deny()`,
   * `challenge()`, or `undefined` to let the login go on. After a challenge it is called again with the client's answer;
   * the proof is null at first, also if no proof was asked for. A wrong proof never comes here, so a challenge tells the
   * client that its proof was right. A throw denies.
   *
   * @example hooks.verified.tap("closing-time", (attempt, principal) => (isOpen(principal.role) ? undefined : deny("com.example.closed")));
   */
  readonly verified: AsyncSeriesBailHook<[LoginAttempt, Principal, Proof | null], Verdict | undefined>;
  /**
   * The client is accepted, and WELCOME is not sent yet. A tap may add keys to WELCOME's details; core writes its own
   * keys last. A throw denies.
   *
   * @example hooks.welcome.tap("motd", (attempt, details) => void (details["x_motd"] = "hello"));
   */
  readonly welcome: AsyncSeriesHook<[LoginAttempt, Dict]>;
  /**
   * A session has joined its realm. The second argument describes its login. It is null for a session in the router's
   * own process, which does not log in. A throw is logged.
   *
   * @example hooks.joined.tap("time", ({ realm }, login) => void (login && histogram.observe({ realm }, login.ms / 1000)));
   */
  readonly joined: SyncHook<[SessionInfo, LoginSuccess | null]>;
  /**
   * A session that had joined is gone. The second argument says who ended it, and why. What a tap announces by `api.shared`
   * before it returns is at the other nodes of a cluster before the client gets its GOODBYE, which waits half a second at most. A
   * throw is logged.
   *
   * @example hooks.left.tap("count", (session) => void gauge.dec({ realm: session.realm }));
   */
  readonly left: SyncHook<[SessionInfo, SessionEnd]>;
  /**
   * A session has renewed its login: `session.expires` says until when it may stay now. A throw is logged.
   *
   * @example hooks.renewed.tap("count", (session) => void renewals.inc({ realm: session.realm }));
   */
  readonly renewed: SyncHook<[SessionInfo]>;
  /**
   * A session wanted to do what it may not. Called for each action, though the log has one line for many. A throw is
   * logged.
   *
   * @example hooks.actionDenied.tap("count", ({ session }) => void refused.inc({ role: session.authrole }));
   */
  readonly actionDenied: SyncHook<[ActionDenied]>;
  /**
   * A login ended in ABORT. A throw is logged.
   *
   * @example hooks.loginFailed.tap("count", ({ reason }) => void refused.inc({ reason }));
   */
  readonly loginFailed: SyncHook<[LoginFailure]>;
  /**
   * A login has ended, in whichever way: also where HELLO never came, or where a limit refused the connection. The record
   * says why, and which steps led there, with their places in the config. It holds no secret. Records are made only where
   * this hook has a tap. A throw is logged.
   *
   * @example hooks.loginEnded.tap("count", ({ outcome, cause }) => void logins.inc({ outcome, cause: cause ?? "" }));
   */
  readonly loginEnded: SyncHook<[LoginRecord]>;
  /**
   * A step of a login has ended, or begins to wait: then its outcome is `waited`, and `waitedFor` says who it waits for. The first
   * argument is the id that the session will get. A throw is logged.
   *
   * @example hooks.loginStep.tap("watch", (session, step) => void watch(session, step.step, step.outcome));
   */
  readonly loginStep: SyncHook<[number, LoginStep]>;
  /**
   * A limit of the config was hit: a client was refused, slowed or disconnected. A throw is logged.
   *
   * @example hooks.limitHit.tap("count", ({ limit }) => void limited.inc({ limit }));
   */
  readonly limitHit: SyncHook<[LimitHit]>;
  /**
   * A call that the router itself made has ended: to an authenticator, to an authorizer, or by `api.call`. A throw is
   * logged.
   *
   * @example hooks.serviceCallEnded.tap("time", ({ kind, ms }) => void histogram.observe({ outcome: kind }, ms / 1000));
   */
  readonly serviceCallEnded: SyncHook<[ServiceCallEnd]>;
  /**
   * A block has answered who a client is, by its strategy: a function, a web server, an authenticator. `static` blocks are
   * not told. A throw is logged.
   *
   * @example hooks.strategyAnswered.tap("time", ({ strategy, kind, ms }) => void histogram.observe({ strategy, outcome: kind }, ms / 1000));
   */
  readonly strategyAnswered: SyncHook<[StrategyAnswer]>;
  /**
   * The router is about to start. A plugin starts its own servers here. A rejection stops the start.
   *
   * @example hooks.starting.tapPromise("page", async () => void (await once(page.listen(9000, "127.0.0.1"), "listening")));
   */
  readonly starting: AsyncSeriesHook<[Starting]>;
  /**
   * The router has closed, or has failed to start. A plugin stops its own servers here. A throw is logged.
   *
   * @example hooks.stopped.tap("page", () => void page.close());
   */
  readonly stopped: SyncHook<[]>;
  /**
   * No static rule of the session's role decides what it wants to do. A tap returns `{ allow, disclose }` or
   * `undefined`; without any answer the request is denied. A throw denies with `wamp.error.authorization_failed`. The
   * session's later messages wait for the answer.
   *
   * @example hooks.authorize.tapPromise("acl", async ({ session, action, uri }) => ({ allow: await acl(session.authid, action, uri) }));
   */
  readonly authorize: AsyncSeriesBailHook<[AuthorizeQuery], Decision | undefined>;
}
