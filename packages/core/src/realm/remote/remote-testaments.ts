import type { TestamentFact } from "../../contract/realm-link.ts";
import type { Publication } from "../broker/publication.ts";
import type { Member } from "../member.ts";
import type { RemoteSession } from "./directory.ts";
import type { NodeLink } from "./node-link.ts";
import { crossing } from "./remote-events.ts";

/** The copies of testaments that other nodes keep, for the case that a session is gone together with its node. */
export class RemoteTestaments {
  readonly #link: NodeLink;
  /** Those of this node's sessions, by number: for nodes that come. */
  readonly #kept = new Map<number, TestamentFact>();

  constructor(link: NodeLink) {
    this.#link = link;
  }

  /** Resolves when the other nodes have a copy. There is none of what cannot cross. */
  async keep(member: Member, number: number, scope: TestamentFact["scope"], publication: Publication): Promise<void> {
    const { session } = member.info;
    const event = crossing(publication, 0);
    if (event === null) return;
    const fact: TestamentFact = { kind: "testament", session, number, scope, event };
    this.#kept.set(number, fact);
    await this.#link.tell(fact);
  }

  /** The testament is published or withdrawn. */
  drop(number: number): void {
    const fact = this.#kept.get(number);
    if (fact === undefined) return;
    this.#kept.delete(number);
    this.#link.note(fact, false);
  }

  /** The facts of this node. */
  facts(): Iterable<TestamentFact> {
    return this.#kept.values();
  }
}

/** The testaments of a session that is gone with its node, in the order in which they are published. */
export function testamentsOf({ testaments }: RemoteSession): TestamentFact[] {
  const all = [...testaments.values()];
  return [...all.filter(({ scope }) => scope === "detached"), ...all.filter(({ scope }) => scope === "destroyed")];
}
