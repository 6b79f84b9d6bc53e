import { isDict, type NodeName } from "@wampgate/core";

// What a worker and its primary send each other by the channel that Node.js has between them.

/** The functions of an arbiter. */
export const OPERATIONS = ["create", "update", "delete", "get", "keys"] as const;
export type Operation = (typeof OPERATIONS)[number];

/** Bytes for a node, or from one. Null: for all. */
export type Frame = readonly [NodeName | null, Uint8Array];

/** From a worker. */
export type ToPrimary =
  | { readonly cluster: "frames"; readonly frames: readonly Frame[] }
  | { readonly cluster: "ask"; readonly id: number; readonly operation: Operation; readonly args: readonly unknown[] };

/** From the primary. */
export type ToWorker =
  | { readonly cluster: "frames"; readonly frames: readonly Frame[] }
  | { readonly cluster: "answer"; readonly id: number; readonly value: unknown }
  | { readonly cluster: "ended"; readonly node: NodeName };

/** Whether something is one of these messages: the channel has others, too. */
export function isForCluster(message: unknown): message is ToPrimary | ToWorker {
  return isDict(message) && typeof message["cluster"] === "string";
}
