import type { Directory, RemoteSession } from "./directory.ts";
import type { RemoteNode } from "./remote-node.ts";
import type { Offer, RemoteRegistrations } from "./remote-registrations.ts";

/** What a node had told before something was lost, while it tells all again: what is missing at the end holds no more. */
export class Renewal {
  readonly #sessions: ReadonlyMap<number, RemoteSession>;
  readonly #offers: readonly Offer[];

  /** Forgets the sessions and callees of a node. It tells them again at once. */
  constructor(node: RemoteNode, directory: Directory, registrations: RemoteRegistrations) {
    this.#sessions = new Map(directory.gone(node).map((session) => [session.session, session]));
    this.#offers = registrations.forget(node);
  }

  /** Whether the node had told of a session. */
  knew(session: number): boolean {
    return this.#sessions.has(session);
  }

  /** The sessions that it did not tell again. */
  left(directory: Directory): RemoteSession[] {
    return [...this.#sessions.values()].filter(({ session }) => directory.get(session) === undefined);
  }

  /** What it does not offer any more. */
  withdrawn(node: RemoteNode): Offer[] {
    const offered = new Set(
      [...node.callees.values()].flatMap(({ member, registrations }) =>
        [...registrations].map(({ id }) => `${id} ${member.info.session}`),
      ),
    );
    return this.#offers.filter(({ registration, session }) => !offered.has(`${registration.id} ${session}`));
  }
}
