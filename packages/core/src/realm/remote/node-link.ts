import type { Fact, NodeName, RealmLink, RealmSide, RemoteMessage, RunningLink } from "../../contract/realm-link.ts";
import type { Log } from "../../contract/log.ts";
import { attempt, whenDone } from "../../wamp/guarded.ts";
import { Deadline, untilAborted } from "../../wamp/deadline.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";

/** How long a link may take to tell other nodes a fact, in milliseconds. It should end the wait much earlier. */
const TELL_TIMEOUT = 5000;

/** A realm's link, which belongs to a plugin: what it throws, rejects or forgets harms no session. */
export class NodeLink {
  readonly #link: RealmLink;
  readonly #log: Log;

  constructor(running: RunningLink, side: RealmSide, log: Log) {
    this.#log = log;
    this.#link = running.join(side);
  }

  /** Tells that a fact does not hold any more. Nothing waits for that. */
  untell(fact: Fact): void {
    attempt(
      () =>
        whenDone(
          this.#link.tell(fact, false),
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
      await untilAborted(this.#link.tell(fact, true), limit.signal);
    } catch (error) {
      this.#failed("tell", error);
    } finally {
      limit.end();
    }
  }

  send(nodes: readonly NodeName[], message: RemoteMessage): void {
    attempt(
      () => this.#link.send(nodes, message),
      (error) => this.#failed("send", error),
    );
  }

  leave(): void {
    attempt(
      () => this.#link.leave(),
      (error) => this.#failed("leave", error),
    );
  }

  #failed(what: string, error: unknown): void {
    unlessRepeated(this, what, (repeats) =>
      this.#log.error({ err: error, ...repeats }, `the link to other nodes failed to ${what}`),
    );
  }
}
