import type {
  Claim,
  ClaimWish,
  Fact,
  NodeName,
  RealmLink,
  RealmSide,
  RemoteMessage,
  RunningLink,
} from "../../contract/realm-link.ts";
import { refusal, type WampError } from "../../errors/wamp-error.ts";
import { WampgateError } from "../../errors/wampgate-error.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
import type { Log } from "../../contract/log.ts";
import { attempt, whenDone } from "../../wamp/guarded.ts";
import { Deadline, untilAborted } from "../../wamp/deadline.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";

/** How long a link may take to tell other nodes a fact, in milliseconds. It should end the wait much earlier. */
const TELL_TIMEOUT = 5000;

/** How long the network between the nodes may take to tell that it has what was sent, in milliseconds. */
const TAKE_TIMEOUT = 5000;

/** How long the arbiter of claims may take, in milliseconds. */
const CLAIM_TIMEOUT = 15_000;

/** A realm's link, which belongs to a plugin: what it throws, rejects or forgets harms no session. */
export class NodeLink {
  #link: RealmLink | null = null;
  #lastAsked: { readonly asked: Promise<void>; readonly taken: Promise<void> } | null = null;
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Call it once, and before all else. */
  join(running: RunningLink, side: RealmSide): void {
    this.#link = running.join(side);
  }

  /** Tells that a fact holds, or not any more. Nothing waits for that. */
  note(fact: Fact, holds: boolean): void {
    attempt(
      () =>
        whenDone(
          this.#joined.tell(fact, holds),
          () => undefined,
          (error) => this.#failed("tell", error),
        ),
      (error) => this.#failed("tell", error),
    );
  }

  /** Resolves when the other nodes act by the fact, or the time is up. Never rejects. */
  async tell(fact: Fact): Promise<void> {
    const limit = new Deadline(TELL_TIMEOUT);
    try {
      await untilAborted(this.#joined.tell(fact, true), limit.signal);
    } catch (error) {
      this.#failed("tell", error);
    } finally {
      limit.end();
    }
  }

  send(nodes: readonly NodeName[], message: RemoteMessage): void {
    try {
      this.#joined.send(nodes, message);
    } catch (error) {
      attempt(
        () => this.#failed("send", error),
        () => undefined,
      );
    }
  }

  /** Whether what is sent to a node leaves. */
  reaches(node: NodeName): boolean {
    try {
      return this.#joined.reaches(node);
    } catch (error) {
      this.#failed("tell whether it reaches a node", error);
      return true;
    }
  }

  /**
   * Resolves when the network between the nodes has all that was sent until now; null if it has.
   * @throws WampError `wamp.error.network_failure` if it may not have it; the promise rejects with it, too
   */
  taken(): Promise<void> | null {
    try {
      const asked = this.#joined.taken?.();
      if (asked === undefined) return null;
      // What one turn of the event loop has sent, a link may ask for once.
      if (this.#lastAsked?.asked !== asked) this.#lastAsked = { asked, taken: this.#takenInTime(asked) };
      return this.#lastAsked.taken;
    } catch (error) {
      throw this.#mayBeLost(error);
    }
  }

  async #takenInTime(asked: Promise<void>): Promise<void> {
    const limit = new Deadline(TAKE_TIMEOUT);
    try {
      await limit.until(asked);
    } catch (error) {
      throw this.#mayBeLost(error);
    } finally {
      limit.end();
    }
  }

  #mayBeLost(why: unknown): WampError {
    unlessRepeated(this, "take", (repeats) =>
      this.#log.warn({ err: why, ...repeats }, "events that were just published may not have reached other nodes"),
    );
    return refusal(ErrorUri.networkFailure, "other nodes may not have got the event");
  }

  /**
   * Claims a procedure for a session of this node; null if others hold it.
   * @throws WampError `wamp.error.network_failure` if that cannot be decided
   */
  claim(wish: ClaimWish): Promise<Claim | null> {
    // A claim that comes too late is held by no session: it is given back.
    const giveBack = (claim: Claim | null): void => {
      if (claim !== null)
        whenDone(
          this.release(wish, claim.registration),
          () => undefined,
          (error) => this.#failed("release a claim", error),
        );
    };
    return this.#decided("claim a procedure", () => this.#joined.claim(wish), giveBack);
  }

  /**
   * Gives a claim back. @returns whether the procedure is free now
   * @throws WampError `wamp.error.network_failure` if that cannot be decided
   */
  release(wish: ClaimWish, registration: number): Promise<boolean> {
    return this.#decided(
      "give a procedure back",
      () => this.#joined.release(wish, registration),
      () => undefined,
    );
  }

  get #joined(): RealmLink {
    if (this.#link === null) throw new WampgateError("WG_BUG", "the link is used before it has joined the realm");
    return this.#link;
  }

  /** @param late called with an answer that comes when its time is up */
  async #decided<T>(what: string, ask: () => Promise<T>, late: (answer: T) => void): Promise<T> {
    const limit = new Deadline(CLAIM_TIMEOUT);
    let answer: Promise<T> | null = null;
    try {
      answer = ask();
      return await untilAborted(answer, limit.signal);
    } catch (error) {
      if (limit.signal.aborted && answer !== null) whenDone(answer, late, () => undefined);
      this.#failed(what, error);
      throw refusal(ErrorUri.networkFailure, "the nodes of the router cannot agree now who holds a procedure");
    } finally {
      limit.end();
    }
  }

  leave(): void {
    attempt(
      () => this.#joined.leave(),
      (error) => this.#failed("leave", error),
    );
  }

  #failed(what: string, error: unknown): void {
    unlessRepeated(this, what, (repeats) =>
      this.#log.error({ err: error, ...repeats }, `the link to other nodes failed to ${what}`),
    );
  }
}
