import type { Handler } from "../../contract/local-session.ts";
import type { Log } from "../../contract/log.ts";
import type { MessageOf } from "../../wamp/messages.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import { valuesIn } from "./values.ts";

/** A handler that gets the events of a subscription. */
export interface Listener {
  readonly handler: Handler;
  /** Lets go of the signal that would end it. Called when it has ended. */
  letGo: () => void;
}

/** The subscriptions of an in-process session, and who listens. Several listeners may share a subscription. */
export class LocalSubscriber {
  /** By subscription id. */
  readonly #topics = new Map<number, { readonly topic: string; readonly listeners: Set<Listener> }>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  add(subscription: number, topic: string, listener: Listener): void {
    const entry = this.#topics.get(subscription) ?? { topic, listeners: new Set() };
    this.#topics.set(subscription, entry);
    entry.listeners.add(listener);
  }

  /** @returns whether it was the last listener of its subscription, which must then be ended */
  remove(subscription: number, listener: Listener): boolean {
    listener.letGo();
    const entry = this.#topics.get(subscription);
    entry?.listeners.delete(listener);
    if (entry === undefined || entry.listeners.size > 0) return false;
    this.#topics.delete(subscription);
    return true;
  }

  /** The router has ended a subscription. */
  drop(subscription: number): void {
    for (const { letGo } of this.#topics.get(subscription)?.listeners ?? []) letGo();
    this.#topics.delete(subscription);
  }

  /** The session has left. */
  end(): void {
    for (const subscription of this.#topics.keys()) this.drop(subscription);
  }

  /** EVENT: each handler gets it, even if another one fails. */
  event({ subscription, publication, details, payload }: MessageOf<"EVENT">): void {
    const entry = this.#topics.get(subscription);
    if (entry === undefined) return;
    const { topic, listeners } = entry;
    for (const { handler } of listeners) {
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
