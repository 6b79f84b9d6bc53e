import type { SessionFact, TestamentFact } from "../../contract/realm-link.ts";
import type { RemoteNode } from "./remote-node.ts";

/** A session of another node. */
export interface RemoteSession extends Omit<SessionFact, "kind"> {
  readonly node: RemoteNode;
  /** What is to be published if it goes with its node, by number. */
  readonly testaments: Map<number, TestamentFact>;
}

/** The sessions of the other nodes. */
export class Directory {
  readonly #sessions = new Map<number, RemoteSession>();
  /** How many there are of each authid. */
  readonly #counts = new Map<string, number>();

  get(session: number): RemoteSession | undefined {
    return this.#sessions.get(session);
  }

  all(): Iterable<RemoteSession> {
    return this.#sessions.values();
  }

  told(node: RemoteNode, { session, authid, authrole }: SessionFact, isThere: boolean): void {
    if (!isThere) this.#of(node, session, (found) => this.#remove(found));
    else if (!this.#sessions.has(session)) {
      this.#sessions.set(session, { session, authid, authrole, node, testaments: new Map() });
      this.#counts.set(authid, this.countOf(authid) + 1);
    }
  }

  /** How many sessions an authid has. */
  countOf(authid: string): number {
    return this.#counts.get(authid) ?? 0;
  }

  toldTestament(node: RemoteNode, fact: TestamentFact, isThere: boolean): void {
    this.#of(node, fact.session, ({ testaments }) => {
      if (isThere) testaments.set(fact.number, fact);
      else testaments.delete(fact.number);
    });
  }

  /** Forgets the sessions of a node. @returns them */
  gone(node: RemoteNode): RemoteSession[] {
    const gone = [...this.#sessions.values()].filter((session) => session.node === node);
    for (const session of gone) this.#remove(session);
    return gone;
  }

  #remove({ session, authid }: RemoteSession): void {
    this.#sessions.delete(session);
    const left = this.countOf(authid) - 1;
    if (left > 0) this.#counts.set(authid, left);
    else this.#counts.delete(authid);
  }

  /** Only its own node tells of a session. */
  #of(node: RemoteNode, session: number, work: (found: RemoteSession) => void): void {
    const found = this.#sessions.get(session);
    if (found?.node === node) work(found);
  }
}
