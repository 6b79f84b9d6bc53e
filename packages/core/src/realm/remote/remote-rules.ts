import type { Log } from "../../contract/log.ts";
import type { NodeName, RulesFact } from "../../contract/realm-link.ts";
import type { RealmRules } from "../settings.ts";
import type { NodeLink } from "./node-link.ts";
import type { SharedIds } from "./shared-ids.ts";

/** How long nodes may differ until the log tells it, in milliseconds: a reload does not reach all of them at once. */
const PATIENCE = 2000;

/** Whether the nodes have the same rules for a realm: a client should have the same rights, wherever it comes in. */
export class RemoteRules {
  readonly #link: NodeLink;
  readonly #ids: SharedIds;
  readonly #log: Log;
  #own: number;
  /** What stands for the rules of each node. */
  readonly #nodes = new Map<NodeName, number>();
  /** Nodes that differ, as far as it was logged. */
  readonly #differing = new Set<NodeName>();
  #timer: NodeJS.Timeout | null = null;

  /** @param log names the realm */
  constructor(link: NodeLink, ids: SharedIds, rules: RealmRules, log: Log) {
    this.#link = link;
    this.#ids = ids;
    this.#log = log;
    this.#own = this.#digestOf(rules);
  }

  /** How many nodes have other rules. */
  get differing(): number {
    return this.#differing.size;
  }

  /** The fact of this node. */
  fact(): RulesFact {
    return { kind: "rules", digest: this.#own };
  }

  /** A reload has changed the rules. */
  changed(rules: RealmRules): void {
    const digest = this.#digestOf(rules);
    if (digest === this.#own) return;
    this.#own = digest;
    this.#link.note(this.fact(), true);
    this.#lookSoon();
  }

  told(node: NodeName, { digest }: RulesFact): void {
    this.#nodes.set(node, digest);
    this.#lookSoon();
  }

  gone(node: NodeName): void {
    this.#nodes.delete(node);
    this.#differing.delete(node);
  }

  /** The realm is not there any more. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#nodes.clear();
  }

  #lookSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      for (const [node, digest] of this.#nodes) this.#look(node, digest !== this.#own);
    }, PATIENCE).unref();
  }

  #look(node: NodeName, differs: boolean): void {
    if (differs === this.#differing.has(node)) return;
    if (differs) {
      this.#differing.add(node);
      const todo = "give all nodes the same config, or clients have other rights there";
      this.#log.warn({ node }, `another node has other roles or options for this realm: ${todo}`);
    } else {
      this.#differing.delete(node);
      this.#log.info({ node }, "another node has the same roles and options for this realm again");
    }
  }

  /** The order of roles says nothing. */
  #digestOf({ roles, options }: RealmRules): number {
    const sorted = [...roles].sort((one, other) => (one.name < other.name ? -1 : 1));
    return this.#ids.of("rules", JSON.stringify([sorted, options]));
  }
}
