import type { Handler } from "../../contract/local-session.ts";
import type { Log } from "../../contract/log.ts";
import type { MessageOf } from "../../wamp/messages.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import { valuesIn } from "./values.ts";

/** The subscriptions of an in-process session, and their handlers. Several handlers may share a subscription. */
export class LocalSubscriber {
  /** By subscription id. */
  readonly #topics = new Map<number, { readonly topic: string; readonly handlers: Set<Handler> }>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  add(subscription: number, topic: string, handler: Handler): void {
    const entry = this.#topics.get(subscription) ?? { topic, handlers: new Set() };
    this.#topics.set(subscription, entry);
    entry.handlers.add(handler);
  }

  /** @returns whether it was the last handler of its subscription, which must then be ended */
  remove(subscription: number, handler: Handler): boolean {
    const entry = this.#topics.get(subscription);
    entry?.handlers.delete(handler);
    if (entry === undefined || entry.handlers.size > 0) return false;
    this.#topics.delete(subscription);
    return true;
  }

  /** The router has ended a subscription. */
  drop(subscription: number): void {
    this.#topics.delete(subscription);
  }

  /** EVENT: each handler gets it, even if another one fails. */
  event({ subscription, publication, details, payload }: MessageOf<"EVENT">): void {
    const entry = this.#topics.get(subscription);
    if (entry === undefined) return;
    const { topic, handlers } = entry;
    for (const handler of handlers) {
      const { args = [], kwargs = {} } = valuesIn(payload);
      new Promise((resolve) => resolve(handler([...args], kwargs, { topic, ...details, publication }))).catch(
        (error: unknown) => this.#tellFailed(handler, topic, error),
      );
    }
  }

  #tellFailed(handler: Handler, topic: string, thrown: unknown): void {
    unlessRepeated(handler, topic, (repeats) =>
      this.#log.error({ err: thrown, topic, ...repeats }, "an event handler failed"),
    );
  }
}
