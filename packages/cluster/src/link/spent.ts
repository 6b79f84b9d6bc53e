import type { Arbiter } from "../carrier.ts";

/** How many values the arbiter has for all that is spent: their number does not grow with the users. */
const SLOTS = 1024;

/** How long the arbiter is asked, in milliseconds. Core gives up at the same time. */
const TIMEOUT = 5000;

/** What was spent of one key: the greatest number, and until when it is remembered, in milliseconds since 1970. */
type Entry = readonly [key: string, number: number, until: number];

/**
 * Numbers that are spent once in the cluster. The arbiter decides. Many keys share one of its values, from which each change
 * removes what is not to be remembered any more: so no node has to clean up, also not after one that is gone.
 */
export class Spent {
  readonly #arbiter: Arbiter;
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(arbiter: Arbiter, now: () => number = Date.now) {
    this.#arbiter = arbiter;
    this.#now = now;
  }

  /** @see RouterLink.spend */
  async spend(key: string, number: number, keepFor: number): Promise<boolean> {
    const slot = `u.${parseInt(key.slice(0, 8), 16) % SLOTS}`;
    for (const end = performance.now() + TIMEOUT; performance.now() < end;) {
      const found = await this.#arbiter.get(slot);
      const now = this.#now();
      const entries = (found === null ? [] : read(found.value)).filter(([, , until]) => until > now);
      if (entries.some(([other, spent]) => other === key && spent >= number)) return false;
      const others = entries.filter(([other]) => other !== key);
      const value = JSON.stringify([...others, [key, number, now + keepFor]]);
      const done =
        found === null
          ? await this.#arbiter.create(slot, value)
          : await this.#arbiter.update(slot, value, found.revision);
      if (done !== null) return true;
    }
    throw new Error("the nodes change what is spent all the time");
  }
}

/** What cannot be read is left out. */
function read(value: string): Entry[] {
  try {
    const read: unknown = JSON.parse(value);
    return Array.isArray(read) ? read.filter(isEntry) : [];
  } catch {
    return [];
  }
}

function isEntry(value: unknown): value is Entry {
  const [key, number, until] = (Array.isArray(value) ? value : []) as readonly unknown[];
  return typeof key === "string" && Number.isSafeInteger(number) && typeof until === "number";
}
