import type { GuardFact, NodeName } from "../../contract/realm-link.ts";
import type { NodeLink } from "./node-link.ts";

/** A node's guarded procedures: its authenticators and authorizers. All nodes guard them. */
export class RemoteGuards {
  readonly #link: NodeLink;
  /** Those of this node, as the others were told. */
  #own: ReadonlySet<string>;
  /** Those of other nodes, with the nodes. */
  readonly #nodes = new Map<string, Set<NodeName>>();
  /** Those of nodes that tell all again, and have not told these yet. */
  readonly #untold = new Map<NodeName, Set<string>>();

  constructor(link: NodeLink, own: ReadonlySet<string>) {
    this.#link = link;
    this.#own = own;
  }

  /** Whether another node guards a procedure. */
  has(uri: string): boolean {
    return this.#nodes.has(uri);
  }

  /** The facts of this node. */
  *facts(): Generator<GuardFact, void, undefined> {
    for (const uri of this.#own) yield { kind: "guard", uri };
  }

  /** A reload has changed what this node guards. The others hear of it before any call that comes of the new config. */
  changed(own: ReadonlySet<string>): void {
    const before = this.#own;
    this.#own = own;
    for (const uri of own) if (!before.has(uri)) this.#link.note({ kind: "guard", uri }, true);
    for (const uri of before) if (!own.has(uri)) this.#link.note({ kind: "guard", uri }, false);
  }

  /** Another node guards a procedure, or does not any more. */
  told(node: NodeName, { uri }: GuardFact, holds: boolean): void {
    this.#untold.get(node)?.delete(uri);
    if (!holds) this.#drop(node, uri);
    else this.#nodes.set(uri, (this.#nodes.get(uri) ?? new Set()).add(node));
  }

  /** A node tells all again. Until it has done so, what it guarded is guarded. */
  renewing(node: NodeName): void {
    this.#untold.set(node, new Set([...this.#nodes.keys()].filter((uri) => this.#nodes.get(uri)?.has(node) === true)));
  }

  /** A node has told all again. */
  renewed(node: NodeName): void {
    for (const uri of this.#untold.get(node) ?? []) this.#drop(node, uri);
    this.#untold.delete(node);
  }

  /** A node is gone, with all that it guards. */
  gone(node: NodeName): void {
    this.#untold.delete(node);
    for (const uri of [...this.#nodes.keys()]) this.#drop(node, uri);
  }

  #drop(node: NodeName, uri: string): void {
    const nodes = this.#nodes.get(uri);
    if (nodes?.delete(node) === true && nodes.size === 0) this.#nodes.delete(uri);
  }
}
