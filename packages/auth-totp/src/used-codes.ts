import { isDict, type SharedState } from "@wampgate/core";

/** How many accounts are remembered. Strangers make none, so only a router with more users would forget one. */
const MOST_ACCOUNTS = 100_000;

/** The topic by which nodes tell what they have judged. */
const JUDGED = "judged";

/** What is remembered of one seed of one authid. */
interface Account {
  /** How many codes were wrong since the last one that let a client in. */
  failures: number;
  /** When the last one was. */
  failedAt: number;
  /** Until when all codes are denied. */
  lockedUntil: number;
}

/** How many wrong codes are tolerated, for how long all are denied after them, and when a code is over, in seconds. */
export interface Tolerance {
  readonly "max-failures": number;
  readonly "lock-time": number;
  readonly period: number;
  readonly window: number;
}

/** `locked`: with this code the account was locked. */
export type Judgement = "right" | "wrong" | "used" | "locked";

/**
 * Which codes were used, and how many were wrong, over all sessions of a router and of the other nodes of its cluster. It is
 * kept by seed and authid, so that a reload of the config changes nothing.
 */
export class UsedCodes {
  readonly #shared: SharedState;
  readonly #accounts = new Map<string, Account>();
  readonly #now: () => number;
  readonly #most: number;

  /**
   * @param now milliseconds of a clock that never goes back
   * @param most how many accounts are remembered
   */
  constructor(shared: SharedState, now: () => number = () => performance.now(), most = MOST_ACCOUNTS) {
    this.#shared = shared;
    this.#now = now;
    this.#most = most;
  }

  /** Counts what other nodes have judged, from now on. */
  listen(): void {
    this.#shared.on(JUDGED, (value) => this.#judged(value));
  }

  /**
   * Judges a code once: a right one counts as used from now on, on all nodes. Of two logins with one code at the same moment
   * one comes first.
   *
   * @param step the time step that the code belongs to; null if it is wrong
   * @throws WampgateError if the nodes cannot agree whether it was used
   */
  async judge(key: string, step: number | null, tolerance: Tolerance): Promise<Judgement> {
    const account = this.#accountOf(key);
    if (this.#now() < account.lockedUntil) return "wrong";
    if (step === null) {
      this.#tell(key, false, tolerance);
      return account.lockedUntil > this.#now() ? "locked" : "wrong";
    }
    // An older code may have been seen by somebody else.
    const keepFor = (2 * tolerance.window + 2) * tolerance.period;
    if (!(await this.#shared.spend(key, step, { keepFor }))) return "used";
    this.#tell(key, true, tolerance);
    return "right";
  }

  /** Tells all nodes, this one at once. Nothing waits for the others. */
  #tell(key: string, isRight: boolean, { "max-failures": most, "lock-time": seconds }: Tolerance): void {
    this.#shared.announce(JUDGED, { key, isRight, most, seconds }).catch(() => undefined);
  }

  /** @param value what a node has told */
  #judged(value: unknown): void {
    if (!isDict(value)) return;
    const { key, isRight, most, seconds } = value;
    if (typeof key !== "string" || typeof isRight !== "boolean") return;
    if (typeof most !== "number" || typeof seconds !== "number") return;
    const account = this.#accountOf(key);
    if (isRight) account.failures = 0;
    else this.#failed(account, most, seconds * 1000);
  }

  #failed(account: Account, most: number, lockTime: number): void {
    const now = this.#now();
    if (now < account.lockedUntil) return;
    if (now - account.failedAt > lockTime) account.failures = 0;
    account.failedAt = now;
    if (++account.failures < most) return;
    account.failures = 0;
    account.lockedUntil = now + lockTime;
  }

  #accountOf(key: string): Account {
    const account = this.#accounts.get(key) ?? { failures: 0, failedAt: -Infinity, lockedUntil: 0 };
    this.#accounts.delete(key);
    this.#accounts.set(key, account);
    if (this.#accounts.size > this.#most)
      for (const oldest of this.#accounts.keys()) {
        this.#accounts.delete(oldest);
        break;
      }
    return account;
  }
}
