import type { Dict } from "../wamp/payload.ts";
import type { AuthorizeQuery, Decision } from "./authorization.ts";
import type { Hello } from "./hello.ts";
import type { LoginAttempt, PrincipalQuery, Proof } from "./method.ts";
import type { LimitHit } from "./observers.ts";
import type { ServiceCallEnd } from "./service-call.ts";
import type { SessionInfo } from "./session-port.ts";
import type { PrincipalAnswer, Verdict } from "./verdict.ts";
import type { AsyncSeriesBailHook, AsyncSeriesHook, SyncHook } from "tapable";

/** A login that ended in WELCOME. The names are those of `LoginFailure`; who joined is in `SessionInfo`. */
export interface LoginSuccess {
  /** The method, as WELCOME names it. */
  readonly authmethod: string;
  /** What knew the principal, as WELCOME's `authprovider` names it: `static`, `dynamic` …. */
  readonly provider: string;
  /** The plugin whose answer was the last word; null where core itself decided. */
  readonly plugin: string | null;
  /** From HELLO to WELCOME, with what the client took, in milliseconds. */
  readonly ms: number;
}

/** A login that ended in ABORT. */
export interface LoginFailure {
  /** Null where HELLO itself was refused. */
  readonly hello: Hello | null;
  /** Who it was: `transport.peer`. */
  readonly peer: string;
  /** Null where none was chosen. */
  readonly authmethod: string | null;
  /** The strategy that answered, by its type: `static`, `dynamic` …; null where none has. */
  readonly provider: string | null;
  /** The plugin whose answer was the last word; null where core itself decided. */
  readonly plugin: string | null;
  readonly reason: string;
  readonly message: string | null;
  /** From HELLO to ABORT, in milliseconds. */
  readonly ms: number;
}

/** A router that is about to start. */
export interface Starting {
  /** Fires when a tap has taken too long: half a minute. */
  readonly signal: AbortSignal;
}

/** Hooks by name. `for` makes one while the router is put together; `get` never does, so names of the wire go there. */
export interface NamedHooks<H> {
  /** The hook for `name`, to be tapped. @throws PluginError once the router listens, where there is none yet */
  for(name: string): H;
  get(name: string): H | undefined;
  /** The names somebody has asked for by `for`. */
  names(): ReadonlySet<string>;
}

/** The hooks of a router: the one frozen list. All of them are about a session's life; none runs for each message. */
export interface RouterHooks {
  /**
   * HELLO was read, and no method chosen yet. A tap returns `acceptAs(assignment, { authmethod, provider })` or
   * `deny(reason, message)` to settle the login here, or `undefined` to leave it to the methods. A throw denies.
   *
   * @example hooks.hello.tap("ban-list", (hello) => (banned.has(hello.transport.address) ? deny() : undefined));
   */
  readonly hello: AsyncSeriesBailHook<[Hello], Verdict | undefined>;
  /**
   * A method was chosen; by its name. A tap returns `challenge(extra, { state })`, `accept()` or `deny()`. Core taps it
   * for each method that a plugin declares. A throw denies.
   *
   * @example hooks.challenge.for("ticket").tap({ name: "log", stage: -1 }, (attempt) => void attempt.log.info({}, "ticket"));
   */
  readonly challenge: NamedHooks<AsyncSeriesBailHook<[LoginAttempt], Verdict | undefined>>;
  /**
   * AUTHENTICATE came; by the method's name. A tap returns `accept()`, `deny()`, or `challenge()` for one more round.
   * A throw denies.
   *
   * @example hooks.authenticate.for("ticket").tap({ name: "no-empty", stage: -1 }, (attempt, { signature }) => (signature === "" ? deny() : undefined));
   */
  readonly authenticate: NamedHooks<AsyncSeriesBailHook<[LoginAttempt, Proof], Verdict | undefined>>;
  /**
   * A method asks who the client is; by the `type` of its block. A tap returns `credential()`, `accepted()`, `denied()`
   * or `unknown()`. Core taps it for each strategy that a plugin declares, and for `static`. A throw denies.
   *
   * @example hooks.principal.for("static").tap({ name: "count", stage: -1 }, (query) => void count(query.authid));
   */
  readonly principal: NamedHooks<AsyncSeriesBailHook<[PrincipalQuery, unknown], PrincipalAnswer | undefined>>;
  /**
   * The client is accepted, and WELCOME not sent yet. A tap may add keys to WELCOME's details; core writes its own
   * last. A throw denies.
   *
   * @example hooks.welcome.tap("motd", (attempt, details) => void (details["x_motd"] = "hello"));
   */
  readonly welcome: AsyncSeriesHook<[LoginAttempt, Dict]>;
  /**
   * A session has joined its realm. The second argument tells of its login, and is null for a session in the router's
   * own process, which logs in nowhere. A throw is logged.
   *
   * @example hooks.joined.tap("time", ({ realm }, login) => void (login && histogram.observe({ realm }, login.ms / 1000)));
   */
  readonly joined: SyncHook<[SessionInfo, LoginSuccess | null]>;
  /**
   * A session that had joined is gone. A throw is logged.
   *
   * @example hooks.left.tap("count", (session) => void gauge.dec({ realm: session.realm }));
   */
  readonly left: SyncHook<[SessionInfo]>;
  /**
   * A login ended in ABORT. A throw is logged.
   *
   * @example hooks.loginFailed.tap("count", ({ reason }) => void refused.inc({ reason }));
   */
  readonly loginFailed: SyncHook<[LoginFailure]>;
  /**
   * A limit of the config was hit: somebody was refused, or disconnected. A throw is logged.
   *
   * @example hooks.limitHit.tap("count", ({ limit }) => void limited.inc({ limit }));
   */
  readonly limitHit: SyncHook<[LimitHit]>;
  /**
   * A call that the router made itself has ended: of an authenticator, an authorizer, or by `api.call`. A throw is logged.
   *
   * @example hooks.serviceCallEnded.tap("time", ({ kind, ms }) => void histogram.observe({ outcome: kind }, ms / 1000));
   */
  readonly serviceCallEnded: SyncHook<[ServiceCallEnd]>;
  /**
   * The router is about to start: what a plugin serves of its own begins here. A rejection stops the start.
   *
   * @example hooks.starting.tapPromise("page", async () => void (await once(page.listen(9000, "127.0.0.1"), "listening")));
   */
  readonly starting: AsyncSeriesHook<[Starting]>;
  /**
   * The router has closed, or has failed to start: what a plugin began ends here. A throw is logged.
   *
   * @example hooks.stopped.tap("page", () => void page.close());
   */
  readonly stopped: SyncHook<[]>;
  /**
   * No static rule of the session's role settled what it wants to do. A tap returns `{ allow, disclose }` or
   * `undefined`; if nobody answers it is denied. A throw denies with `wamp.error.authorization_failed`. The session's
   * later messages wait meanwhile.
   *
   * @example hooks.authorize.tapPromise("acl", async ({ session, action, uri }) => ({ allow: await acl(session.authid, action, uri) }));
   */
  readonly authorize: AsyncSeriesBailHook<[AuthorizeQuery], Decision | undefined>;
}
