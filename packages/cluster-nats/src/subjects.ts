import type { NodeName } from "@wampgate/core";
import { HELLO } from "./node-name.ts";

// A node publishes on `wampgate.<cluster>.*.<its name>` and nothing else, so that rights in NATS can vouch for the sender.

/** The NATS subjects of one node. */
export class Subjects {
  /** Where what is sent to the node comes in. */
  readonly own: string;
  /** Where all nodes say that they are there. */
  readonly hello: string;
  /** Where NATS says that no process has the name of another node: the last part is that name. */
  readonly absent: string;
  /** The answers of NATS to requests. */
  readonly inbox: string;
  readonly #cluster: string;
  readonly #node: NodeName;

  constructor(cluster: string, node: NodeName) {
    this.#cluster = cluster;
    this.#node = node;
    this.own = `wampgate.${cluster}.${node}.*`;
    this.hello = `wampgate.${cluster}.${HELLO}.*`;
    this.absent = `wampgate.${cluster}.${node}.absent.*`;
    this.inbox = `wampgate.${cluster}.${node}.inbox`;
  }

  /** What the node publishes to another one. */
  to(node: NodeName): string {
    return `wampgate.${this.#cluster}.${node}.${this.#node}`;
  }

  toAll(): string {
    return this.to(HELLO);
  }

  absentOf(node: NodeName): string {
    return this.absent.replace("*", node);
  }
}

/** The last part of a subject: who has sent it, or is absent. */
export function lastPart(subject: string): NodeName {
  return subject.slice(subject.lastIndexOf(".") + 1);
}
