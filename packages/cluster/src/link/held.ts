import { isDict, type NodeName } from "@wampgate/core";
import type { Entry } from "../carrier.ts";

/** One start of a node, which holds a procedure. */
export interface Holder {
  readonly node: NodeName;
  readonly incarnation: string;
}

/** What the arbiter has of a procedure. */
export interface Held {
  readonly registration: number;
  readonly invoke: string;
  readonly holders: readonly Holder[];
}

/** @param held `registration` null: the revision that the value gets is the registration's id */
export function writeHeld(held: Omit<Held, "registration"> & { readonly registration: number | null }): string {
  const { registration, invoke, holders } = held;
  return JSON.stringify({ registration, invoke, holders: holders.map(({ node, incarnation }) => [node, incarnation]) });
}

/** Null if the value is none of ours. */
export function readHeld({ value, revision }: Entry): Held | null {
  try {
    const read: unknown = JSON.parse(value);
    if (!isDict(read) || typeof read["invoke"] !== "string" || !Array.isArray(read["holders"])) return null;
    const { registration, invoke } = read;
    const holders = read["holders"].map(holderOf);
    if (registration === null) return { registration: revision, invoke, holders };
    return Number.isSafeInteger(registration) ? { registration: registration as number, invoke, holders } : null;
  } catch {
    return null;
  }
}

/** @throws Error if it is none */
function holderOf(value: unknown): Holder {
  if (Array.isArray(value) && typeof value[0] === "string" && typeof value[1] === "string")
    return { node: value[0], incarnation: value[1] };
  throw new Error("this is no holder of a claim");
}
