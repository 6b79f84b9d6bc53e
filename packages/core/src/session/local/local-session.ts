import type { SessionEnd } from "../../contract/hooks.ts";
import { WampgateError } from "../../errors/wampgate-error.ts";
import type {
  Handler,
  LocalSession,
  ProgressHandler,
  Publication,
  Registration,
  RequestOptions,
  Subscription,
} from "../../contract/local-session.ts";
import type { Log } from "../../contract/log.ts";
import type { CallOutcome } from "../../contract/service-call.ts";
import type { SessionPort, RouterCause, RouterError, SessionInfo } from "../../contract/session-port.ts";
import type { RealmPort, RealmAttachment } from "../../contract/realm-port.ts";
import type { ReportLimit } from "../../contract/observers.ts";
import { CloseUri, ErrorUri } from "../../wamp/error-uris.ts";
import { attempt, guarded, whenDone } from "../../wamp/guarded.ts";
import { whenAborted } from "../../wamp/when-aborted.ts";
import { IdSequence } from "../../wamp/ids.ts";
import type { Message, MessageOf } from "../../wamp/messages.ts";
import { type Dict, payloadOf, type PayloadValues } from "../../wamp/payload.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import { WampError } from "../../errors/wamp-error.ts";
import { CRASH, LocalCallee, type Offer } from "./callee.ts";
import { type Listener, LocalSubscriber } from "./subscriber.ts";
import { copied, resultOfPayload, valuesIn, valuesOf } from "./values.ts";

export interface LocalSessionOptions {
  /** The router's own session: hidden and trusted. */
  readonly service: boolean;
  readonly log: Log;
  readonly report: ReportLimit;
  /** The session has left its realm. Called once. */
  ended(session: InProcessSession, end: SessionEnd): void;
}

interface Request {
  readonly answered: (answer: Message) => void;
  readonly failed: (error: Error) => void;
  readonly onProgress?: ProgressHandler | undefined;
}

/** How `invoke` calls and waits. */
interface InvokeOptions {
  readonly options?: Dict;
  /** Cancels the call; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressHandler | undefined;
}

/** How a request is sent. */
interface SendOptions<R extends keyof Answers> {
  /** Gets the answer before the next message is read. */
  readonly before?: (answer: MessageOf<Answers[R]>) => void;
  readonly onProgress?: ProgressHandler | undefined;
  /** If it fires before the answer has come, the request rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  readonly aborted?: () => void;
}

/** The answer to each request, other than ERROR. */
interface Answers {
  CALL: "RESULT";
  REGISTER: "REGISTERED";
  UNREGISTER: "UNREGISTERED";
  SUBSCRIBE: "SUBSCRIBED";
  UNSUBSCRIBE: "UNSUBSCRIBED";
  PUBLISH: "PUBLISHED";
}
type Answer<R extends keyof Answers> = MessageOf<Answers[R]> | MessageOf<"ERROR">;

/** A session in the router's own process. The router itself has some, too, to call authenticators. */
export class InProcessSession implements LocalSession {
  readonly info: SessionInfo;
  readonly #attachment: RealmAttachment;
  readonly #options: LocalSessionOptions;
  readonly #ids = new IdSequence();
  readonly #requests = new Map<number, Request>();
  readonly #callee: LocalCallee;
  readonly #subscriber: LocalSubscriber;
  #open = true;

  constructor(realm: RealmPort, info: SessionInfo, options: LocalSessionOptions) {
    this.info = info;
    this.#options = options;
    const log = options.log.child({ session: info.session });
    this.#callee = new LocalCallee((message) => this.#answer(message), log);
    this.#subscriber = new LocalSubscriber(log);
    this.#attachment = realm.join(this.#port());
  }

  get id(): number {
    return this.info.session;
  }
  get realm(): string {
    return this.info.realm;
  }
  get isOpen(): boolean {
    return this.#open;
  }

  async call<T = unknown>(
    procedure: string,
    args?: unknown[],
    kwargs?: Dict,
    { signal, ...options }: RequestOptions = {},
    onProgress?: ProgressHandler,
  ): Promise<T> {
    const asked = onProgress === undefined ? options : { ...options, receive_progress: true };
    const outcome = await this.invoke(procedure, valuesOf(args, kwargs), { options: asked, signal, onProgress });
    if (outcome.kind === "result") return resultOfPayload(outcome.args, outcome.kwargs) as T;
    throw new WampError(outcome.uri, firstText(outcome.args), { args: outcome.args, kwargs: outcome.kwargs });
  }

  /** As `call`, but distinguishes an ERROR of the callee from one of the router. */
  async invoke(
    procedure: string,
    values: PayloadValues,
    { options = {}, signal, onProgress }: InvokeOptions = {},
  ): Promise<ErrorOutcome | (CallOutcome & { kind: "result" })> {
    const request = this.#ids.next();
    const message = { type: "CALL", request, options, procedure, payload: payloadOf(copied(values)) } as const;
    const aborted = (): void => {
      this.#requests.delete(request);
      this.#attachment.receive({ type: "CANCEL", request, options: { mode: "killnowait" } });
    };
    const answer = await this.#send<"CALL">(message, { onProgress, signal, aborted });
    const { args = [], kwargs = {} } = valuesIn(answer.payload);
    if (answer.type === "RESULT") return { kind: "result", args, kwargs, raw: () => answer.payload?.raw() ?? null };
    const { cause } = answer as RouterError;
    return { kind: cause ?? "error", uri: answer.error, args, kwargs };
  }

  async register(
    procedure: string,
    handler: Handler,
    { signal, ...options }: RequestOptions = {},
  ): Promise<Registration> {
    const message = { type: "REGISTER", request: this.#ids.next(), options, procedure } as const;
    const offer: Offer = { procedure, handler, letGo: () => undefined };
    let ended: Promise<void> | undefined;
    const unregister = (id: number): Promise<void> => (ended ??= this.#unregister(id, offer));
    // The handler must be set before the next message, which may be the first INVOCATION.
    const before = ({ registration }: MessageOf<"REGISTERED">): void => {
      this.#callee.offer(registration, offer);
      offer.letGo = this.#endedBy(signal, () => unregister(registration));
    };
    const { registration: id } = unlessError(await this.#send<"REGISTER">(message, { before, signal }));
    return { id, procedure, unregister: () => unregister(id), [Symbol.asyncDispose]: () => unregister(id) };
  }

  async #unregister(id: number, offer: Offer): Promise<void> {
    if (this.#callee.offered(id) !== offer) return;
    offer.letGo();
    const request = this.#ids.next();
    unlessError(await this.#send<"UNREGISTER">({ type: "UNREGISTER", request, registration: id }));
    this.#callee.withdraw(id);
  }

  async subscribe(topic: string, handler: Handler, { signal, ...options }: RequestOptions = {}): Promise<Subscription> {
    const message = { type: "SUBSCRIBE", request: this.#ids.next(), options, topic } as const;
    const listener: Listener = { handler, letGo: () => undefined };
    const unsubscribe = async (id: number): Promise<void> => {
      if (!this.#subscriber.remove(id, listener)) return;
      const request = this.#ids.next();
      unlessError(await this.#send<"UNSUBSCRIBE">({ type: "UNSUBSCRIBE", request, subscription: id }));
    };
    const before = ({ subscription }: MessageOf<"SUBSCRIBED">): void => {
      this.#subscriber.add(subscription, topic, listener);
      listener.letGo = this.#endedBy(signal, () => unsubscribe(subscription));
    };
    const { subscription: id } = unlessError(await this.#send<"SUBSCRIBE">(message, { before, signal }));
    return { id, topic, unsubscribe: () => unsubscribe(id), [Symbol.asyncDispose]: () => unsubscribe(id) };
  }

  /** Lets `signal` end a subscription or a registration. @returns lets go of the signal */
  #endedBy(signal: AbortSignal | undefined, end: () => Promise<void>): () => void {
    const failed = (error: unknown): void => {
      if (this.#open)
        this.#options.log.error({ err: error, session: this.id }, "a signal could not end what it should have ended");
    };
    return whenAborted(signal, () => whenDone(end(), () => undefined, failed), failed);
  }

  async publish(topic: string, args?: unknown[], kwargs?: Dict, options: Dict = {}): Promise<Publication | undefined> {
    const message = {
      type: "PUBLISH",
      request: this.#ids.next(),
      options,
      topic,
      payload: payloadOf(copied(valuesOf(args, kwargs))),
    } as const;
    if (options["acknowledge"] !== true) {
      this.#attachment.receive(message);
      return undefined;
    }
    const { publication } = unlessError(await this.#send<"PUBLISH">(message));
    return { id: publication };
  }

  async unregister(registration: Registration): Promise<void> {
    await registration.unregister();
  }

  async unsubscribe(subscription: Subscription): Promise<void> {
    await subscription.unsubscribe();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.leave();
    return Promise.resolve();
  }

  /** @param by who has ended it */
  leave(
    reason: string = CloseUri.goodbyeAndOut,
    message = "the session has left",
    by: SessionEnd["by"] = "client",
  ): void {
    if (!this.#open) return;
    this.#open = false;
    const failed = (error: unknown): void =>
      this.#options.log.error({ err: error, session: this.id }, "an in-process session did not leave as it should");
    attempt(() => this.#attachment.leave(), failed);
    for (const request of this.#requests.values())
      request.failed(new WampError(ErrorUri.canceled, `${message} (${reason})`));
    this.#requests.clear();
    this.#callee.end(new WampgateError("WG_SESSION_LEFT", message));
    this.#subscriber.end();
    attempt(() => this.#options.ended(this, { by, reason }), failed);
  }

  #port(): SessionPort {
    const { log, service, report } = this.#options;
    return {
      info: this.info,
      service,
      renewal: null,
      backlog: 0,
      // Never at once: a realm must not be called back while it handles a message. Microtasks keep the order.
      send: (message) =>
        queueMicrotask(
          guarded(
            () => this.#receive(message),
            (error) => this.#failed(message, error),
          ),
        ),
      close: (reason, message) => this.leave(reason, message, "kill"),
      violation: (message) => {
        log.error({ session: this.id }, `an in-process session broke the protocol: ${message}`);
        this.leave(ErrorUri.protocolViolation, message);
      },
      limited: (limit, message) => report({ limit, message, peer: this.info.transport.peer, session: this.info }),
      broken: (error) =>
        unlessRepeated(this, "broken", (repeats) =>
          log.error(
            { err: error, session: this.id, ...repeats },
            "a message of an in-process session could not be handled",
          ),
        ),
      pause: () => undefined,
      resume: () => undefined,
    };
  }

  #send<R extends keyof Answers>(
    message: MessageOf<R> & Message & { readonly request: number },
    { before, onProgress, signal, aborted }: SendOptions<R> = {},
  ): Promise<Answer<R>> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (!this.#open) throw new WampError(ErrorUri.canceled, "the session has left its realm");
      const onAbort = (): void => {
        reject(signal?.reason as Error);
        aborted?.();
      };
      const letGo = whenAborted(signal, onAbort, reject);
      const answered = (answer: Message): void => {
        letGo();
        if (answer.type !== "ERROR") before?.(answer as MessageOf<Answers[R]>);
        resolve(answer as Answer<R>);
      };
      const failed = (error: Error): void => {
        letGo();
        reject(error);
      };
      this.#requests.set(message.request, { answered, failed, onProgress });
      this.#attachment.receive(message);
    });
  }

  #receive(message: Message): void {
    if (!this.#open) return;
    if (message.type === "EVENT") this.#subscriber.event(message);
    else if (message.type === "INVOCATION") this.#invoked(message);
    else if (message.type === "INTERRUPT") this.#callee.interrupted(message);
    else if (message.type === "RESULT" && message.details["progress"] === true) this.#progressed(message);
    else if (message.type === "UNREGISTERED" && message.details !== undefined)
      this.#callee.withdraw(message.details["registration"] as number);
    else if (message.type === "UNSUBSCRIBED" && message.details !== undefined)
      this.#subscriber.drop(message.details["subscription"] as number);
    else if ("request" in message) {
      const request = this.#requests.get(message.request);
      this.#requests.delete(message.request);
      request?.answered(message);
    }
  }

  /** A message for this session could not be handled. Whoever waits for an answer gets an error. */
  #failed(message: Message, error: unknown): void {
    unlessRepeated(this, message.type, (repeats) =>
      this.#options.log.error(
        { err: error, session: this.id, ...repeats },
        `${message.type} could not be handled by an in-process session`,
      ),
    );
    if (message.type === "INVOCATION") this.#callee.refuse(message.request, CRASH);
    // The router counts these by itself: a pending request of this session may have the same number.
    if (message.type === "INVOCATION" || message.type === "INTERRUPT" || !("request" in message)) return;
    const request = this.#requests.get(message.request);
    this.#requests.delete(message.request);
    request?.failed(new WampError(ErrorUri.runtimeError, "the answer could not be read"));
  }

  #invoked(message: MessageOf<"INVOCATION">): void {
    whenDone(
      this.#callee.invoked(message),
      () => undefined,
      (error) => this.#failed(message, error),
    );
  }

  #progressed({ request, payload }: MessageOf<"RESULT">): void {
    const { args = [], kwargs = {} } = valuesIn(payload);
    try {
      this.#requests.get(request)?.onProgress?.(resultOfPayload(args, kwargs));
    } catch (error) {
      unlessRepeated(this, "progress", (repeats) =>
        this.#options.log.error(
          { err: error, session: this.id, ...repeats },
          "a handler of progressive results failed",
        ),
      );
    }
  }

  #answer(message: Message): void {
    if (this.#open) this.#attachment.receive(message);
  }
}

/** How a call without a result ended. `error` comes from the callee, all others from the router itself. */
export interface ErrorOutcome {
  readonly kind: "error" | RouterCause;
  readonly uri: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Dict>;
}

function unlessError<M extends Message>(answer: M): Exclude<M, { type: "ERROR" }> {
  if (answer.type !== "ERROR") return answer as Exclude<M, { type: "ERROR" }>;
  const { args = [], kwargs = {} } = valuesIn(answer.payload);
  throw new WampError(answer.error, firstText(args), { args, kwargs });
}

function firstText(args: readonly unknown[]): string | undefined {
  return typeof args[0] === "string" ? args[0] : undefined;
}
