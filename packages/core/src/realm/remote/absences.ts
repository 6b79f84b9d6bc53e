import type { NodeName } from "../../contract/realm-link.ts";
import type { RemoteSession } from "./directory.ts";
import { testamentsOf } from "./remote-testaments.ts";

/** How many things are remembered of one node: the oldest are forgotten first. */
const MOST = 100_000;

/**
 * What was told of nodes that were gone. One that was only out of reach comes back, with the same sessions: they join again for
 * the subscribers of this node, and their testaments are not published a second time.
 */
export class Absences {
  readonly #sessions = new Map<NodeName, Set<number>>();
  /** By the ids of their publications. */
  readonly #testaments = new Map<NodeName, Set<number>>();

  /** A session is gone with its node. @returns its testaments that were not published yet */
  gone(session: RemoteSession): ReturnType<typeof testamentsOf> {
    const { name } = session.node;
    remember(this.#sessions, name, session.session);
    const left = testamentsOf(session).filter(({ event }) => !this.wasPublished(name, event.id));
    for (const { event } of left) remember(this.#testaments, name, event.id);
    return left;
  }

  /** Whether a session is back, of which it was told that it left. Asked once. */
  isBack(node: NodeName, session: number): boolean {
    return this.#sessions.get(node)?.delete(session) === true;
  }

  /** Whether an event of a node is a testament that was published when the node was gone. */
  wasPublished(node: NodeName, id: number): boolean {
    if (this.#testaments.size === 0) return false;
    return this.#testaments.get(node)?.has(id) === true;
  }
}

function remember(sets: Map<NodeName, Set<number>>, node: NodeName, id: number): void {
  const set = sets.get(node) ?? new Set();
  sets.set(node, set.add(id));
  const [oldest] = set;
  if (set.size > MOST && oldest !== undefined) set.delete(oldest);
}
