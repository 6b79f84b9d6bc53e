import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Claim, ClaimWish, NodeName } from "@wampgate/core";
import type { Arbiter } from "../carrier.ts";
import { type Holder, type Held, readHeld, writeHeld } from "./held.ts";

/** How long a claim is tried, in milliseconds. Core gives up somewhat later. */
const TIMEOUT = 10_000;

/** How often it is looked whether a holder has been heard of, in milliseconds. */
const RETRY = 50;

/** How long a claim waits for nodes that are about to end to give the procedure back, in milliseconds. */
const DRAIN_TIME = 2000;

/** What the claims must know of the nodes. */
export interface KnownNodes {
  readonly self: Holder;
  /** How long a node may be silent until it counts as gone, in milliseconds. */
  readonly patience: number;
  stateOf(node: NodeName, incarnation: string): "here" | "gone" | "unknown";
  /** Whether a node is about to end. */
  isDraining(node: NodeName): boolean;
  /** A claim of that start of a node was taken away. If it is here after all, it has to look at its claims again. */
  tookFrom(node: NodeName, incarnation: string): void;
}

/** What this node holds of one procedure. */
interface Own {
  readonly realm: string;
  readonly wish: ClaimWish;
  readonly registration: number;
  /** How many of its sessions hold it. */
  count: number;
}

/**
 * Who holds which procedure. The arbiter has one key for each, with the nodes that hold it. How many sessions of a node do is
 * known to that node alone.
 */
export class Claims {
  readonly #arbiter: Arbiter;
  readonly #nodes: KnownNodes;
  readonly #lost: (realm: string, registration: number) => void;
  readonly #failed: (error: unknown) => void;
  readonly #own = new Map<string, Own>();
  /** The last of what is done with each key: one thing after the other. */
  readonly #last = new Map<string, Promise<unknown>>();
  /** Keys of which it is not known what the arbiter has. */
  readonly #doubtful = new Set<string>();

  /**
   * @param lost called when others hold a procedure that this node held
   * @param failed called when the arbiter cannot be reached for something that nothing waits for
   */
  constructor(
    arbiter: Arbiter,
    nodes: KnownNodes,
    lost: (realm: string, registration: number) => void,
    failed: (error: unknown) => void,
  ) {
    this.#arbiter = arbiter;
    this.#nodes = nodes;
    this.#lost = lost;
    this.#failed = failed;
  }

  /** @see RealmLink.claim */
  claim(realm: string, wish: ClaimWish): Promise<Claim | null> {
    const key = keyOf(realm, wish);
    return this.#inTurn(key, async () => {
      const claim = await this.#claim(key, wish);
      if (claim === null) return null;
      const own = this.#own.get(key);
      if (own?.registration === claim.registration) own.count++;
      else this.#own.set(key, { realm, wish, registration: claim.registration, count: 1 });
      return claim;
    });
  }

  /** @see RealmLink.release */
  release(realm: string, wish: ClaimWish, registration: number): Promise<boolean> {
    const key = keyOf(realm, wish);
    return this.#inTurn(key, async () => {
      const own = this.#own.get(key);
      if (own?.registration !== registration || --own.count > 0) return false;
      this.#own.delete(key);
      return this.#release(key);
    });
  }

  /**
   * Looks whether this node still holds all that it held, since others may have thought that it was gone. What is on its
   * way to the arbiter is looked at after that.
   */
  recheck(): void {
    for (const key of [...this.#own.keys(), ...this.#last.keys()]) this.#doubtful.add(key);
    this.repair();
  }

  /** Puts right what could not be settled when it was asked. */
  repair(): void {
    const keys = [...this.#doubtful];
    this.#doubtful.clear();
    for (const key of keys) this.#inTurn(key, () => this.#check(key)).catch((error: unknown) => this.#failed(error));
  }

  /** Resolves when nothing is on its way to the arbiter. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#last.values()]);
  }

  async #claim(key: string, { invoke }: ClaimWish): Promise<Claim | null> {
    const { self } = this.#nodes;
    const mine = writeHeld({ registration: null, invoke, holders: [self] });
    const start = performance.now();
    while (performance.now() - start < TIMEOUT) {
      const created = await this.#arbiter.create(key, mine);
      if (created !== null) return { registration: created, order: created, isNew: true };
      const entry = await this.#arbiter.get(key);
      if (entry === null) continue;
      const held = readHeld(entry);
      const holders = await this.#living(key, held);
      if (holders.length === 0) {
        const taken = await this.#arbiter.update(key, mine, entry.revision);
        if (taken === null) continue;
        this.#tookFrom(held, []);
        return { registration: taken, order: taken, isNew: true };
      }
      if (held === null || held.invoke === "single" || held.invoke !== invoke) {
        const isDraining = holders.every(({ node }) => this.#nodes.isDraining(node));
        if (!isDraining || performance.now() - start > DRAIN_TIME) return null;
        await wait(RETRY);
        continue;
      }
      const { registration } = held;
      const joined = writeHeld({ registration, invoke, holders: withHolder(holders, self) });
      const order = await this.#arbiter.update(key, joined, entry.revision);
      if (order === null) continue;
      this.#tookFrom(held, holders);
      return { registration, order, isNew: false };
    }
    throw new Error("the nodes change a claim all the time");
  }

  async #release(key: string): Promise<boolean> {
    const { self } = this.#nodes;
    for (;;) {
      const entry = await this.#arbiter.get(key);
      const held = entry === null ? null : readHeld(entry);
      if (entry === null || held === null || !isAmong(held.holders, self)) return false;
      const holders = held.holders.filter((holder) => !isSame(holder, self) && !this.#isGone(holder));
      const done =
        holders.length === 0
          ? await this.#arbiter.delete(key, entry.revision)
          : (await this.#arbiter.update(key, writeHeld({ ...held, holders }), entry.revision)) !== null;
      if (!done) continue;
      this.#tookFrom(held, holders);
      return holders.length === 0;
    }
  }

  /** Those that are left out were judged before the arbiter was asked, and may have come back until it answered. */
  #tookFrom(held: Held | null, kept: readonly Holder[]): void {
    for (const holder of held?.holders ?? [])
      if (!isAmong(kept, holder) && !isSame(holder, this.#nodes.self))
        this.#nodes.tookFrom(holder.node, holder.incarnation);
  }

  /** Makes the arbiter's claim what this node holds, or tells that it is lost. */
  async #check(key: string): Promise<void> {
    const own = this.#own.get(key);
    if (own === undefined) {
      await this.#release(key);
      return;
    }
    const { self } = this.#nodes;
    const { registration, wish, realm } = own;
    for (;;) {
      const entry = await this.#arbiter.get(key);
      if (entry === null) {
        const again = writeHeld({ registration, invoke: wish.invoke, holders: [self] });
        if ((await this.#arbiter.create(key, again)) !== null) return;
        continue;
      }
      const held = readHeld(entry);
      if (held?.registration !== registration) {
        this.#own.delete(key);
        return this.#lost(realm, registration);
      }
      if (isAmong(held.holders, self)) return;
      const holders = [...held.holders, self];
      if ((await this.#arbiter.update(key, writeHeld({ ...held, holders }), entry.revision)) !== null) return;
    }
  }

  /** Those that hold it and are not gone. One that was never heard of may just have come: it gets the time to say so. */
  async #living(key: string, held: Held | null): Promise<readonly Holder[]> {
    if (held === null) return [];
    const { self, patience } = this.#nodes;
    const end = performance.now() + patience;
    const isUnknown = ({ node, incarnation }: Holder): boolean => this.#nodes.stateOf(node, incarnation) === "unknown";
    while (held.holders.some(isUnknown) && performance.now() < end) await wait(RETRY);
    return held.holders.filter((holder) => {
      // Sessions of this node that hold it are known here: the claim may be left of one that failed.
      if (isSame(holder, self)) return this.#own.has(key);
      return !this.#isGone(holder) && !isUnknown(holder);
    });
  }

  #isGone({ node, incarnation }: Holder): boolean {
    return this.#nodes.stateOf(node, incarnation) === "gone";
  }

  #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const done = before.then(work);
    const end = done.then(
      () => undefined,
      () => void this.#doubtful.add(key),
    );
    this.#last.set(key, end);
    const forget = (): void => {
      if (this.#last.get(key) === end) this.#last.delete(key);
    };
    end.then(forget, forget);
    return done;
  }
}

function keyOf(realm: string, { match, uri }: ClaimWish): string {
  return `r.${createHash("sha256")
    .update(JSON.stringify([realm, match, uri]))
    .digest("hex")}`;
}

function isSame(one: Holder, other: Holder): boolean {
  return one.node === other.node && one.incarnation === other.incarnation;
}

function isAmong(holders: readonly Holder[], holder: Holder): boolean {
  return holders.some((other) => isSame(other, holder));
}

function withHolder(holders: readonly Holder[], holder: Holder): readonly Holder[] {
  return isAmong(holders, holder) ? holders : [...holders, holder];
}
