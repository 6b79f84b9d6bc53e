import { isDict, type SharedState } from "@wampgate/core";
import { type Account, BadAccount, recall, textOf } from "./kept-account.ts";
import type { BoundedStore } from "@wampgate/store";

/** How many accounts are remembered. Strangers make none, so only a router with more users would forget one. */
const MOST_ACCOUNTS = 100_000;

/** The topic by which nodes tell what they have judged. */
const JUDGED = "judged";

/** How many wrong codes are tolerated, for how long all are denied after them, and when a code is over, in seconds. */
export interface Tolerance {
  readonly "max-failures": number;
  readonly "lock-time": number;
  readonly period: number;
  readonly window: number;
}

/** Where accounts are kept over a restart. */
export type AccountStore = Pick<BoundedStore, "get" | "set" | "failed">;

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
   * Judges a code once: a right one counts as used from now on, on all nodes, and after a restart if a store keeps that. Of two
   * logins with one code at the same moment one comes first.
   *
   * @param step the time step that the code belongs to; null if it is wrong
   * @param store null: what is known is in memory alone. It has the same work with each judgement
   * @throws WampgateError if the nodes cannot agree whether it was used; StoreFailure if it cannot be kept: then it is used up,
   * and lets no client in
   */
  async judge(
    key: string,
    step: number | null,
    tolerance: Tolerance,
    store: AccountStore | null = null,
  ): Promise<Judgement> {
    const account = this.#accountOf(key);
    if (store === null) return this.#judge(key, account, step, tolerance);
    await this.#recall(key, account, tolerance, store);
    const judgement = await this.#judge(key, account, step, tolerance);
    const keepFor = Math.max(lifeOf(tolerance), tolerance["lock-time"]);
    await store.set(key, textOf(account, this.#now()), Date.now() + keepFor * 1000, key);
    return judgement;
  }

  async #judge(key: string, account: Account, step: number | null, tolerance: Tolerance): Promise<Judgement> {
    if (this.#now() < account.lockedUntil) return "wrong";
    if (step === null) {
      this.#tell(key, false, tolerance);
      return account.lockedUntil > this.#now() ? "locked" : "wrong";
    }
    // Another person may have seen a code that is older.
    const life = lifeOf(tolerance);
    if (isUsed(account, step, this.#now())) return "used";
    if (!(await this.#shared.spend(key, step, { keepFor: life }))) return "used";
    // Meanwhile another login may have used a later one.
    account.step = isUsed(account, step, this.#now()) ? account.step : step;
    account.usedUntil = this.#now() + life * 1000;
    this.#tell(key, true, tolerance);
    return "right";
  }

  /** @throws StoreFailure */
  async #recall(key: string, account: Account, tolerance: Tolerance, store: AccountStore): Promise<void> {
    const text = await store.get(key);
    try {
      const longest = { used: lifeOf(tolerance) * 1000, locked: tolerance["lock-time"] * 1000 };
      if (text !== undefined) recall(account, text, this.#now(), longest);
      account.isRecalled = true;
    } catch (error) {
      if (!(error instanceof BadAccount)) throw error;
      throw store.failed(error);
    }
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
    const account = this.#accounts.get(key) ?? {
      ...{ step: -1, usedUntil: 0, failures: 0, failedAt: -Infinity, lockedUntil: 0, isRecalled: false },
    };
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

function isUsed(account: Account, step: number, now: number): boolean {
  return now < account.usedUntil && step <= account.step;
}

/** For how long a code may be shown again, in seconds. */
function lifeOf({ window, period }: Tolerance): number {
  return (2 * window + 2) * period;
}
