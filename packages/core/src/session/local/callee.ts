import type { Handler, HandlerDetails } from "../../contract/local-session.ts";
import type { Log } from "../../contract/log.ts";
import { WampError } from "../../errors/wamp-error.ts";
import { errorMessage, type ShownError, shownOf } from "../../errors/wire.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
import { type Message, type MessageOf } from "../../wamp/messages.ts";
import { type Dict, payloadOf, type PayloadValues } from "../../wamp/payload.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import { copied, copiedOrNone, payloadOfResult, valuesIn, valuesOf } from "./values.ts";

/** What a caller gets where a handler crashed, or could not be asked. */
export const CRASH: ShownError = { uri: ErrorUri.runtimeError, payload: {} };

/** A procedure that the session offers. */
export interface Offer {
  readonly procedure: string;
  readonly handler: Handler;
  /** Lets go of the signal that would end it. Called when it has ended. */
  letGo: () => void;
}

/** The procedures of an in-process session, and the calls that its handlers are working on. */
export class LocalCallee {
  /** By registration id. */
  readonly #offers = new Map<number, Offer>();
  /** By invocation id. */
  readonly #running = new Map<number, AbortController>();
  readonly #answer: (message: Message) => void;
  readonly #log: Log;

  /** @param answer sends YIELD or ERROR while the session is open */
  constructor(answer: (message: Message) => void, log: Log) {
    this.#answer = answer;
    this.#log = log;
  }

  offer(registration: number, offer: Offer): void {
    this.#offers.get(registration)?.letGo();
    this.#offers.set(registration, offer);
  }

  /** What is offered under this id. */
  offered(registration: number): Offer | undefined {
    return this.#offers.get(registration);
  }

  withdraw(registration: number): void {
    this.#offers.get(registration)?.letGo();
    this.#offers.delete(registration);
  }

  /** Lets a handler answer INVOCATION. Rejects if the invocation itself cannot be read. */
  async invoked({ request, registration, details, payload }: MessageOf<"INVOCATION">): Promise<void> {
    const entry = this.#offers.get(registration);
    const { args = [], kwargs = {} } = valuesIn(payload);
    const running = new AbortController();
    const { signal } = running;
    this.#running.set(request, running);
    const answer = (options: Dict, values: PayloadValues): void => {
      if (!signal.aborted) this.#answer({ type: "YIELD", request, options, payload: payloadOf(copied(values)) });
    };
    const progress =
      details["receive_progress"] === true
        ? (someArgs?: unknown[], someKwargs?: Dict) => answer({ progress: true }, valuesOf(someArgs, someKwargs))
        : undefined;
    try {
      if (entry === undefined) throw new WampError(ErrorUri.canceled, "the procedure is being unregistered");
      const { procedure, handler } = entry;
      const told: HandlerDetails = { procedure, ...details, progress, signal };
      answer({}, payloadOfResult(await handler([...args], kwargs, told)));
    } catch (thrown) {
      if (signal.aborted) return;
      const error = shownOf(thrown);
      if (error === null && entry !== undefined) this.#tellFailed(entry.procedure, thrown);
      this.refuse(request, error === null ? CRASH : { uri: error.uri, payload: copiedOrNone(error.payload) });
    } finally {
      this.#running.delete(request);
    }
  }

  #tellFailed(procedure: string, thrown: unknown): void {
    unlessRepeated(this, procedure, (repeats) =>
      this.#log.error({ err: thrown, procedure, ...repeats }, "a procedure failed"),
    );
  }

  /** INTERRUPT: the caller has cancelled. The handler is told; its later answers are dropped. */
  interrupted({ request }: MessageOf<"INTERRUPT">): void {
    const running = this.#running.get(request);
    if (running === undefined) return;
    const error = new WampError(ErrorUri.canceled, "the call was cancelled");
    running.abort(error);
    this.refuse(request, error);
  }

  /** Answers an invocation with ERROR. */
  refuse(request: number, error: ShownError): void {
    this.#answer(errorMessage("INVOCATION", request, error));
  }

  /** The session has left: tells all running handlers. */
  end(reason: Error): void {
    for (const { letGo } of this.#offers.values()) letGo();
    this.#offers.clear();
    for (const running of this.#running.values()) running.abort(reason);
    this.#running.clear();
  }
}
