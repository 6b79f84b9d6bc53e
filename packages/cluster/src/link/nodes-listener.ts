import type { NodeName } from "@wampgate/core";

/** What the nodes tell the link. */
export interface NodesListener {
  /** A node is there, and knows nothing of this one yet. */
  opened(node: NodeName): void;
  /** A message of a realm has come, whole and in order: it may be anything. */
  messaged(node: NodeName, realm: string, message: unknown): void;
  /** Another numbered envelope has come. */
  received(node: NodeName, kind: number, head: unknown): void;
  /** Something was lost: all between this node and another one has ended, until it opens again. */
  broken(node: NodeName): void;
  /** Another node is gone. */
  gone(node: NodeName): void;
  /** A node that starts asks for the secret of the cluster. */
  asked(node: NodeName): void;
  /** A node reads again what is sent to it, and has missed events. */
  caughtUp(node: NodeName): void;
  /** Another node had given this one up: others may have claimed what it held. */
  wasGone(): void;
  /** This node reaches the others again: what the arbiter has may be older than what this node knows. */
  connected(): void;
}
