/** How many accounts are remembered. Strangers make none, so only a router with more users would forget one. */
const MOST_ACCOUNTS = 100_000;

/** What is remembered of one seed of one authid. */
interface Account {
  /** The time step of the last code that let a client in. */
  lastStep: number;
  /** How many codes were wrong since then. */
  failures: number;
  /** When the last one was. */
  failedAt: number;
  /** Until when all codes are denied. */
  lockedUntil: number;
}

/** How many wrong codes are tolerated, and for how long all are denied after them, in seconds. */
export interface Tolerance {
  readonly "max-failures": number;
  readonly "lock-time": number;
}

/** `locked`: with this code the account was locked. */
export type Judgement = "right" | "wrong" | "used" | "locked";

/**
 * Which codes were used, and how many were wrong, over all sessions of a router. It is kept by seed and authid, so that a
 * reload of the config changes nothing.
 */
export class UsedCodes {
  readonly #accounts = new Map<string, Account>();
  readonly #now: () => number;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Judges a code once: a right one counts as used from now on. Nothing waits in it, so that of two logins with one code
   * at the same moment one comes first.
   *
   * @param step the time step that the code belongs to; null if it is wrong
   */
  judge(key: string, step: number | null, tolerance: Tolerance): Judgement {
    const now = this.#now();
    const account = this.#accountOf(key);
    if (now < account.lockedUntil) return "wrong";
    if (step === null) return this.#failed(account, now, tolerance);
    // An older code may have been seen by somebody else.
    if (step <= account.lastStep) return "used";
    account.lastStep = step;
    account.failures = 0;
    return "right";
  }

  #failed(account: Account, now: number, { "max-failures": most, "lock-time": seconds }: Tolerance): Judgement {
    if (now - account.failedAt > seconds * 1000) account.failures = 0;
    account.failedAt = now;
    if (++account.failures < most) return "wrong";
    account.failures = 0;
    account.lockedUntil = now + seconds * 1000;
    return "locked";
  }

  #accountOf(key: string): Account {
    const account = this.#accounts.get(key) ?? { lastStep: -1, failures: 0, failedAt: -Infinity, lockedUntil: 0 };
    this.#accounts.delete(key);
    this.#accounts.set(key, account);
    if (this.#accounts.size > MOST_ACCOUNTS)
      for (const oldest of this.#accounts.keys()) {
        this.#accounts.delete(oldest);
        break;
      }
    return account;
  }
}
