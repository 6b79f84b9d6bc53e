import type { ObservedCall, RealmCounts, UriCounts } from "../contract/observers.ts";
import type { Payload } from "../wamp/payload.ts";
import type { Call } from "./dealer/calls.ts";

/** How many URIs are remembered. */
const MAX_URIS = 10_000;

/** Of as many calls the time is taken of one: the clock costs more than the counting. A power of two. */
const CALLS_PER_SAMPLE = 16;

/** `startedAt` of a call that was counted, and whose time is not taken. */
const UNTIMED = -1;

/** The counts of a URI. */
class Counts implements UriCounts {
  calls = 0;
  errors = 0;
  events = 0;
  /** Whether something has passed since URIs were forgotten last. */
  isUsed = true;
}

/** Counts what passes through a realm, while somebody observes it. */
export class RealmMeter implements RealmCounts {
  calls = 0;
  errors = 0;
  events = 0;
  publishes = 0;
  bytes = 0;
  readonly uris = new Map<string, Counts>();
  readonly #sampled: (call: Omit<ObservedCall, "realm">) => void;

  /** @param sampled gets one call in 16 when it has ended; must not throw */
  constructor(sampled: (call: Omit<ObservedCall, "realm">) => void) {
    this.#sampled = sampled;
  }

  /** A call was sent to its callee. */
  begun(call: Call): void {
    call.startedAt = (this.calls & (CALLS_PER_SAMPLE - 1)) === 0 ? performance.now() : UNTIMED;
    this.calls++;
    this.#of(call.procedure).calls++;
  }

  /** A call has ended. Those that began before anybody observed do not count. */
  ended({ procedure, startedAt }: Call, isResult: boolean): void {
    if (startedAt === 0) return;
    if (!isResult) {
      this.errors++;
      this.#of(procedure).errors++;
    }
    if (startedAt !== UNTIMED) this.#sampled({ procedure, isResult, ms: performance.now() - startedAt });
  }

  /** A session has published. */
  published(payload: Payload | undefined): void {
    this.publishes++;
    this.bytes += payload?.size ?? 0;
  }

  /** An event was sent to subscribers. @param count how many */
  delivered(topic: string, count: number): void {
    this.events += count;
    this.#of(topic).events += count;
  }

  #of(uri: string): Counts {
    let counts = this.uris.get(uri);
    if (counts === undefined) {
      if (this.uris.size >= MAX_URIS) this.#forget();
      counts = new Counts();
      this.uris.set(uri, counts);
    }
    counts.isUsed = true;
    return counts;
  }

  /** Makes room: URIs through which nothing has passed since the last time go; if there are none, the older half. */
  #forget(): void {
    for (const [uri, counts] of this.uris) {
      if (counts.isUsed) counts.isUsed = false;
      else this.uris.delete(uri);
    }
    if (this.uris.size < MAX_URIS) return;
    for (const uri of this.uris.keys()) {
      if (this.uris.size <= MAX_URIS / 2) return;
      this.uris.delete(uri);
    }
  }
}
