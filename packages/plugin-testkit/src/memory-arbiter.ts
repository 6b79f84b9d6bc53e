import type { Claim, ClaimWish, NodeName } from "@wampgate/core";

/** Who holds one procedure. */
interface Held {
  readonly registration: number;
  readonly invoke: string;
  order: number;
  /** How many claims each node has. */
  readonly nodes: Map<NodeName, number>;
}

/** Decides for all nodes which one holds a procedure. */
export class MemoryArbiter {
  readonly #held = new Map<string, Held>();
  #registrations = 0;
  readonly #spent = new Map<string, number>();

  claim(node: NodeName, realm: string, wish: ClaimWish): Claim | null {
    const key = keyOf(realm, wish);
    const found = this.#held.get(key);
    if (found !== undefined && (found.invoke === "single" || found.invoke !== wish.invoke)) return null;
    const held: Held = found ?? {
      registration: ++this.#registrations,
      invoke: wish.invoke,
      order: 0,
      nodes: new Map<NodeName, number>(),
    };
    this.#held.set(key, held);
    held.nodes.set(node, (held.nodes.get(node) ?? 0) + 1);
    return { registration: held.registration, order: ++held.order, isNew: found === undefined };
  }

  /** @returns whether the procedure is free now */
  release(node: NodeName, realm: string, wish: ClaimWish, registration: number): boolean {
    const key = keyOf(realm, wish);
    const held = this.#held.get(key);
    if (held?.registration !== registration) return false;
    const left = (held.nodes.get(node) ?? 0) - 1;
    if (left > 0) held.nodes.set(node, left);
    else held.nodes.delete(node);
    return this.#forgetUnheld(key, held);
  }

  /** @returns false if this number or a greater one is spent */
  spend(key: string, number: number): boolean {
    if (number <= (this.#spent.get(key) ?? -1)) return false;
    this.#spent.set(key, number);
    return true;
  }

  /** A node is gone, and holds nothing any more. */
  gone(node: NodeName): void {
    for (const [key, held] of this.#held) {
      held.nodes.delete(node);
      this.#forgetUnheld(key, held);
    }
  }

  #forgetUnheld(key: string, { nodes }: Held): boolean {
    return nodes.size === 0 && this.#held.delete(key);
  }
}

function keyOf(realm: string, { match, uri }: ClaimWish): string {
  return JSON.stringify([realm, match, uri]);
}
