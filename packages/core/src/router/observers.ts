import type { Log } from "../contract/log.ts";
import type { Observation, ObservedCall, Observer } from "../contract/observers.ts";
import { RealmMeter } from "../realm/meter.ts";
import { attempt } from "../wamp/guarded.ts";
import { unlessRepeated } from "../wamp/unless-repeated.ts";
import type { Realms } from "./realms.ts";

/** Counts what passes through the realms while somebody observes, and nothing else. */
export class Observers {
  readonly #realms: Realms;
  /** Each with the log of who observes. */
  readonly #observers = new Map<Observer, Log>();

  constructor(realms: Realms) {
    this.#realms = realms;
  }

  /** @see PluginApi.observe */
  observe({ callEnded }: Observer, log: Log): Observation {
    const observer: Observer = callEnded === undefined ? {} : { callEnded }; // one object for each observation
    const realms = this.#realms;
    this.#observers.set(observer, log);
    if (this.#observers.size === 1)
      realms.measure((realm) => new RealmMeter((call) => this.#ended({ realm, ...call })));
    const isOn = (): boolean => this.#observers.has(observer);
    return {
      get realms() {
        return isOn() ? realms.counts : new Map();
      },
      stop: () => {
        if (this.#observers.delete(observer) && this.#observers.size === 0) realms.measure(null);
      },
    };
  }

  /** Tells all who observe of a call. What one of them throws harms no call. */
  #ended(call: ObservedCall): void {
    for (const [observer, log] of this.#observers)
      attempt(
        () => observer.callEnded?.(call),
        (error) =>
          unlessRepeated(observer, "callEnded", (repeats) =>
            log.error({ err: error, ...repeats }, "an observer of calls failed"),
          ),
      );
  }
}
