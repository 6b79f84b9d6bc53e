import { setImmediate } from "node:timers"; // not the global one, which a test may have faked
import { isDict } from "../wamp/messages.ts";
import { guarded } from "../wamp/guarded.ts";

/** How many are told at once: those of different clients past it are not told. */
const MOST = 1000;

/** How often one of them can count, and how long a key may be. */
const MOST_TIMES = 100;
const MOST_KEY = 200;

/** Logins of one address that failed: the keys of address and authid. */
export interface ToldFailure {
  readonly address: string;
  /** Null: its HELLO had none. */
  readonly name: string | null;
  readonly times: number;
}

/** What one node tells the others of logins. */
export interface ToldLogins {
  readonly failed: readonly ToldFailure[];
  /** The keys of addresses that have logged in as an authid. */
  readonly known: readonly string[];
}

/**
 * Tells the other nodes what happens to logins: at once, or guesses at one node after the other would be too many. What
 * happens in one turn of the event loop is told together.
 */
export class LoginTidings {
  readonly #tell: (told: ToldLogins) => void;
  readonly #failed = new Map<string, ToldFailure>();
  readonly #known = new Set<string>();
  #isSoon = false;

  constructor(tell: (told: ToldLogins) => void) {
    this.#tell = tell;
  }

  failed(address: string, name: string | null): void {
    const key = `${address} ${name ?? ""}`;
    const times = Math.min((this.#failed.get(key)?.times ?? 0) + 1, MOST_TIMES);
    if (times === 1 && this.#failed.size >= MOST) return;
    this.#failed.set(key, { address, name, times });
    this.#soon();
  }

  known(key: string): void {
    if (this.#known.size >= MOST) return;
    this.#known.add(key);
    this.#soon();
  }

  #soon(): void {
    if (this.#isSoon) return;
    this.#isSoon = true;
    setImmediate(
      guarded(
        () => this.#now(),
        () => undefined,
      ),
    );
  }

  #now(): void {
    this.#isSoon = false;
    const told = { failed: [...this.#failed.values()], known: [...this.#known] };
    this.#failed.clear();
    this.#known.clear();
    this.#tell(told);
  }
}

/** What another node told of logins; what it holds that is none is left out. */
export function readToldLogins(value: unknown): ToldLogins {
  const { failed, known } = isDict(value) ? value : {};
  return {
    failed: listOf(failed).filter(isFailure),
    known: listOf(known).filter(isKey),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, MOST) : [];
}

function isFailure(value: unknown): value is ToldFailure {
  if (!isDict(value)) return false;
  const { address, name, times } = value;
  const isCount = Number.isInteger(times) && (times as number) >= 1 && (times as number) <= MOST_TIMES;
  return isKey(address) && (name === null || isKey(name)) && isCount;
}

function isKey(value: unknown): value is string {
  return typeof value === "string" && value.length <= MOST_KEY;
}
