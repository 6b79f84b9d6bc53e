import { WampgateError } from "../errors/wampgate-error.ts";
import { abortMessage, goodbyeMessage } from "../errors/wire.ts";
import { ClientHello } from "../hooks/client-hello.ts";
import type { Connection, ConnectionHandler } from "../contract/connection.ts";
import type { Admission, Handshake, HandshakeReply } from "../contract/handshake.ts";
import type { Cause } from "../contract/login-cause.ts";
import { LimitError } from "../errors/limit-error.ts";
import type { SessionEnd } from "../contract/hooks.ts";
import type { SessionInfo, SessionRenewal } from "../contract/session-port.ts";
import type { RealmDirectory, RealmAttachment } from "../contract/realm-port.ts";
import type { ReportLimit } from "../contract/observers.ts";
import { Deadline, within } from "../wamp/deadline.ts";
import { CloseUri, ErrorUri } from "../wamp/error-uris.ts";
import { attempt, whenDone } from "../wamp/guarded.ts";
import { clip, excerpt } from "../wamp/excerpt.ts";
import type { Expires } from "../wamp/expires.ts";
import { TurnBudget } from "../wamp/turn-budget.ts";
import { unlessRepeated } from "../wamp/unless-repeated.ts";
import type { MaybePromise } from "../wamp/maybe-promise.ts";
import type { Message } from "../wamp/messages.ts";
import { WampError } from "../errors/wamp-error.ts";
import { ClientPort } from "./client-port.ts";
import { type Ending, logEnding, sessionEnd } from "./ending.ts";
import { Lifetime, type LifetimeContext } from "./lifetime.ts";
import { LoginReport, type ReportContext } from "./login-report.ts";
import { parseHello } from "./parse-hello.ts";
import { SessionMessages } from "./session-messages.ts";

/** How long the router waits for the answer to its GOODBYE, in milliseconds. */
const GOODBYE_TIMEOUT = 2000;

/** How long GOODBYE waits for other nodes, in milliseconds. */
const TELL_TIMEOUT = 500;

/** Clients that log in at once join in many turns of the event loop, which all sessions share: 10 ms in each. */
const decisions = new TurnBudget(10);

/** Created once: its stack says nothing useful, and is slow to create. */
const GONE = new WampgateError("WG_SESSION_LEFT", "the client has left");

/** What a session needs of its router. */
export interface SessionContext extends ReportContext, LifetimeContext {
  readonly realms: RealmDirectory;
  readonly report: ReportLimit;
  /**
   * Does something.
   * @returns resolves when the other nodes have what plugins announce in it; null: there is nothing to wait for
   */
  telling(work: () => void): Promise<unknown> | null;
  /** An id that no other session has. */
  newId(): number;
  /** The session has joined a realm. Called once at most. */
  joined(session: Session): void;
  /** The session is over. Called once. */
  ended(session: Session): void;
}

/**
 * The state of a session (spec, basic/sessions). `new` waits for HELLO, `deciding` for the router's own decision,
 * `challenged` for AUTHENTICATE, `leaving` until GOODBYE is sent and for the answer to it.
 */
type State =
  | { readonly is: "new" | "deciding" | "leaving" | "closed" }
  | { readonly is: "challenged" }
  | {
      readonly is: "joined";
      readonly info: SessionInfo;
      readonly lifetime: Lifetime;
      readonly attachment: RealmAttachment;
    };

/** What may close a session. */
type Closer = Exclude<SessionEnd["by"], "client">;

/** One client's session, from the opening of its connection to its end. */
export class Session implements ConnectionHandler {
  readonly #connection: Connection;
  readonly #context: SessionContext;
  readonly #messages: SessionMessages;
  /** Null once the session has joined. */
  #deadline: Deadline | null;
  /** The id that the session got at HELLO; null before. */
  id: number | null = null;
  #state: State = { is: "new" };
  #handshake: Handshake | null = null;
  /** How many times the client was challenged. */
  #rounds = 0;
  /** Null once the end of the login is reported. */
  #loginReport: LoginReport | null;
  #goodbyeTimer: NodeJS.Timeout | undefined;

  constructor(connection: Connection, context: SessionContext) {
    this.#connection = connection;
    this.#context = context;
    this.#messages = new SessionMessages(this, connection, context.log);
    this.#loginReport = new LoginReport(connection.details, context);
    this.#deadline = new Deadline(context.settings.now["auth-timeout"], undefined, () => this.#late());
  }

  /** Who the session is; null before it has joined and after it has left. */
  get info(): SessionInfo | null {
    return this.#state.is === "joined" ? this.#state.info : null;
  }

  /** How the session was let in; null if `info` is null, or if a tap of the hook `hello` let it in. */
  get admission(): Admission | null {
    return this.#state.is === "joined" ? this.#state.lifetime.admission : null;
  }

  /** Null if `info` is null. */
  get renewal(): SessionRenewal | null {
    return this.#state.is === "joined" ? this.#state.lifetime.renewal : null;
  }

  message(message: Message): void {
    switch (this.#state.is) {
      case "new":
        return this.#hello(message);
      case "deciding":
        return this.#interrupted(message);
      case "challenged":
        return this.#answer(message);
      case "joined":
        if (message.type === "GOODBYE") this.#goodbye(message.reason);
        // An ABORT is never answered (spec, basic/sessions).
        else if (message.type === "ABORT") this.#end({ left: "goodbye", reason: message.reason });
        else this.#state.attachment.receive(message);
        return;
      case "leaving":
        // A GOODBYE that came before the router's own is sent is no answer to it.
        if (message.type === "ABORT" || (message.type === "GOODBYE" && this.#goodbyeTimer !== undefined)) this.#end();
        return;
      case "closed":
        return;
    }
  }

  violation(error: WampError): void {
    this.#abandon();
    this.#violated(error.uri, error.message);
  }

  limited(limit: string, message: string): void {
    this.#limited(limit, message);
  }

  closed(): void {
    this.#abandon();
    this.#end({ left: "disconnected" });
  }

  get peer(): string {
    return this.#connection.details.peer;
  }

  /** Ends the session: with GOODBYE if it has joined, else with ABORT. Never throws. @param by what ends it */
  close(reason: string, message?: string, by: Closer = "router"): void {
    if (this.#state.is === "leaving" && this.#goodbyeTimer === undefined) return; // its GOODBYE is about to be sent
    if (this.#state.is !== "joined") {
      const why = message ?? "the router closes the session";
      this.#abort(reason, why, { code: "stopping", params: { why } });
      return;
    }
    this.#leaveRealm({ left: "closed", by, reason, message }, () => {
      if (!this.#messages.send(goodbyeMessage(reason, message))) return;
      this.#goodbyeTimer = setTimeout(() => this.#end(), GOODBYE_TIMEOUT);
    });
  }

  /** Follows a reload, after which it may stay. @see Lifetime.reloaded */
  reloaded(expires: Expires | undefined): boolean {
    return this.#state.is === "joined" && this.#state.lifetime.reloaded(expires);
  }

  #hello(message: Message): void {
    if (message.type === "ABORT" || message.type === "GOODBYE") return this.#end();
    if (message.type !== "HELLO") return this.refuse(`the first message must be HELLO, found ${message.type}`);
    const { handshakes, log } = this.#context;
    const deadline = this.#deadline;
    if (deadline === null) return;
    try {
      const session = this.#context.newId();
      this.id = session;
      this.#loginReport?.began(session);
      const transport = this.#connection.details;
      const known = { session, transport, log: log.child({ session }) };
      const hello = new ClientHello(parseHello(message), known, deadline);
      this.#handshake = handshakes.start(hello);
      this.#loginReport?.helloRead(hello, this.#handshake);
      this.#state = { is: "deciding" };
      this.#await(this.#handshake.begin());
    } catch (error) {
      if (!WampError.is(error)) throw error;
      if (error.uri === ErrorUri.protocolViolation) this.refuse(error.message);
      else this.#abort(error.uri, error.message, violated(error.message));
    }
  }

  #interrupted(message: Message): void {
    this.#abandon();
    if (message.type === "ABORT" || message.type === "GOODBYE") this.#end();
    else this.refuse(`${message.type} came while the login was being decided`);
  }

  #answer(message: Message): void {
    if (message.type !== "AUTHENTICATE") return this.#interrupted(message);
    this.#state = { is: "deciding" };
    if (this.#handshake !== null) this.#await(this.#handshake.authenticate(message.signature, message.extra));
  }

  /** The client does not wait for the decision about its login: it leaves, or breaks the protocol. */
  #abandon(): void {
    this.#try(() => this.#handshake?.abandoned?.());
  }

  /** A reply that is there already waits, too: until WELCOME is sent, the client may send nothing more. */
  #await(step: MaybePromise<HandshakeReply>): void {
    whenDone(
      Promise.resolve(step),
      (decided) =>
        decisions.run(
          () => this.#step(decided),
          (error) => this.broken(error),
        ),
      (error) => this.broken(error),
    );
  }

  #step(step: HandshakeReply): void {
    if (this.#state.is !== "deciding") return;
    switch (step.kind) {
      case "challenge":
        this.#state = { is: "challenged" };
        // People type the proofs of further factors: each round has its own time.
        if (++this.#rounds > 1) this.#deadline?.restart();
        this.#messages.send({ type: "CHALLENGE", authmethod: step.authmethod, extra: step.extra });
        return;
      case "abort":
        if (typeof step.limit === "string") this.limited(step.limit, step.message ?? step.reason);
        return this.#abort(step.reason, step.message, step.cause);
      case "welcome": {
        // It has waited for its turn, and the config may have been reloaded meanwhile.
        const again = step.again();
        return again === null ? this.#join(step) : this.#await(again);
      }
    }
  }

  #join({ info, admission, details }: HandshakeReply & { kind: "welcome" }): void {
    const realm = this.#context.realms.get(info.realm);
    if (realm === undefined)
      return this.#abort(ErrorUri.noSuchRealm, `no realm ${excerpt(info.realm)} exists on this router`, {
        code: "no-realm",
        params: { realm: clip(info.realm) },
      });
    this.#handshake = null;
    try {
      realm.requireRoom(info.authid);
    } catch (error) {
      return this.#full(error, info.realm);
    }
    const lifetime = new Lifetime({ info, admission }, realm, this.#context);
    const { expires } = info;
    const told = expires === null ? details : { ...details, expires };
    if (!this.#messages.welcome({ type: "WELCOME", session: info.session, details: told })) return;
    this.#deadline?.end();
    this.#deadline = null;
    const port = new ClientPort(info, this.#connection, this);
    this.#state = { is: "joined", info, lifetime, attachment: realm.join(port) };
    lifetime.start((reason, message, by) => this.close(reason, message, by));
    const end = (reason: string, message?: string): void => {
      if (this.#state.is === "joined") this.close(reason, message, "kill");
    };
    const login = this.#loginReport?.welcome(info, admission, end) ?? null;
    this.#loginReport = null;
    this.#context.joined(this);
    this.#context.hooks.joined.call(info, login);
  }

  /** @param realm the one that the session was about to join */
  #limited(limit: string, message: string, realm?: string): void {
    const session = this.#state.is === "joined" ? this.#state.info : null;
    const { report, transport } = this.#context;
    report({ limit, message, peer: this.peer, session, transport, ...(realm === undefined ? {} : { realm }) });
  }

  #full(error: unknown, realm: string): void {
    if (!(error instanceof LimitError)) throw error;
    this.#limited(error.limit, error.message, realm);
    this.#abort(error.uri, error.message, { code: "limit", params: { limit: error.limit } });
  }

  /** The client says GOODBYE. */
  #goodbye(reason: string): void {
    this.#leaveRealm({ left: "goodbye", reason }, () => {
      this.#messages.send(goodbyeMessage(CloseUri.goodbyeAndOut));
      this.#end();
    });
  }

  /** What the login waits for: a message of the client, or a hook. */
  #waiting(): string {
    if (this.#state.is === "new") return "HELLO";
    return this.#state.is === "challenged" ? "AUTHENTICATE" : (this.#handshake?.trace.asking ?? "the router");
  }

  #late(): void {
    attempt(
      () => this.#endLate(),
      (error) => this.broken(error),
    );
  }

  #endLate(): void {
    const ms = this.#context.settings.now["auth-timeout"];
    const message = `the login took longer than ${ms} ms`;
    this.limited("auth-timeout", message);
    const cause: Cause = { code: "timeout", params: { waiting: this.#waiting(), ms } };
    // A client that sent no HELLO may not speak WAMP at all, so it gets no message.
    if (this.#state.is !== "new") return this.#abort(ErrorUri.authenticationFailed, message, cause);
    this.#end({ left: "failed" }, cause);
  }

  /**
   * The router failed at this session, or could not send it a message. The session ends, so that no other is harmed.
   */
  broken(error: unknown): void {
    // If the client's format or limits cannot take a message, that is not the router's fault.
    const level = WampError.is(error) ? "warn" : "error";
    unlessRepeated(this, "failed", () =>
      this.#context.log[level](
        { err: error, session: this.id, peer: this.peer },
        "ended a session: a message from it or to it failed",
      ),
    );
    const message = "the router failed at one of this session's messages";
    this.#abort(ErrorUri.runtimeError, message, {
      code: "failed",
      params: { what: "a message from it or to it failed" },
    });
  }

  /** The client sent what it may not send now. */
  refuse(message: string): void {
    this.#violated(ErrorUri.protocolViolation, message);
  }

  /** The client broke the protocol. */
  #violated(reason: string, message: string): void {
    this.#abort(reason, message, violated(message), { left: "violation", message });
  }

  #abort(reason: string, message: string | null, cause: Cause, ending: Ending = { left: "failed" }): void {
    if (this.#state.is === "closed") return;
    this.#context.log.debug({ reason }, `ABORT: ${message ?? reason}`);
    this.#refused(reason, message, cause);
    if (this.#state.is !== "leaving") this.#messages.send(abortMessage(reason, message));
    this.#end(ending);
  }

  /** A message of the handshake or of the end could not be sent. @param text what the client was told instead, with `reason` */
  unsent(type: string, reason: string, text: string): void {
    this.#refused(reason, text, { code: "failed", params: { what: `${type} could not be sent` } });
    this.#end();
  }

  #refused(reason: string, message: string | null, cause: Cause): void {
    this.#loginReport?.refused(reason, message, cause);
    this.#loginReport = null;
  }

  /** @param sayGoodbye called once other nodes have what plugins told them of the end, as that a cookie is revoked */
  #leaveRealm(ending: Ending, sayGoodbye: (() => void) | null = null): void {
    if (this.#state.is !== "joined") return;
    const { info, attachment, lifetime } = this.#state;
    this.#state = { is: "leaving" };
    this.#try(() => lifetime.end(GONE));
    this.#try(() => logEnding(this.#context.log, info, ending));
    this.#try(() => attachment.leave());
    const told = this.#context.telling(() => this.#try(() => this.#context.hooks.left.call(info, sessionEnd(ending))));
    if (told === null || sayGoodbye === null) return sayGoodbye?.();
    whenDone(
      within(TELL_TIMEOUT, undefined, () => told).catch(() => undefined), // it was waited for long enough
      () => {
        if (this.#state.is === "leaving") sayGoodbye();
      },
      (error) => this.broken(error),
    );
  }

  /**
   * Every step runs even if another one fails: a session that is over must not stay in any list or count.
   *
   * @param cause why its login ended, if it had not joined; default: its client left
   */
  #end(ending: Ending = { left: "failed" }, cause?: Cause): void {
    if (this.#state.is === "closed") return;
    this.#leaveRealm(ending);
    this.#try(() => this.#loginReport?.abandoned(cause ?? { code: "left", params: { waiting: this.#waiting() } }));
    this.#loginReport = null;
    this.#state = { is: "closed" };
    clearTimeout(this.#goodbyeTimer);
    this.#try(() => this.#deadline?.abort(GONE));
    this.#handshake = null; // and with it all that HELLO said
    this.#try(() => this.#connection.close(ending.left === "violation" ? ending.message : undefined));
    this.#try(() => this.#context.ended(this));
  }

  #try(step: () => void): void {
    attempt(step, (error) =>
      this.#context.log.error({ err: error, session: this.id }, "a session did not end as it should"),
    );
  }
}

function violated(violation: string): Cause {
  return { code: "protocol", params: { violation } };
}
