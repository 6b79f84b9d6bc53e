import { isDict } from "../../wamp/messages.ts";

// What the primary and its workers tell each other. The link between the workers has messages of its own.

/** The variable of the environment that has a worker's name. A link reads it, too. */
export const WORKER = "WAMPGATE_WORKER";

/** What the primary wants: `drain` and `close` are the two halves of an orderly end. */
export type Order = "reload" | "drain" | "close";

/** What a worker has done. */
export type Report =
  { readonly wampgate: "started"; readonly summary: readonly string[] } | { readonly wampgate: "reload" | "drain" };

export function isOrder(message: unknown): message is { readonly wampgate: Order } {
  return isDict(message) && ["reload", "drain", "close"].includes(message["wampgate"] as string);
}

export function isReport(message: unknown): message is Report {
  return isDict(message) && ["started", "reload", "drain"].includes(message["wampgate"] as string);
}
