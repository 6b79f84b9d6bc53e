import { randomBytes } from "node:crypto";
import { isDict, type NodeName } from "@wampgate/core";
import type { Arbiter } from "../carrier.ts";
import { VERSION } from "./envelope.ts";

// What nodes have at the arbiter besides claims: a key for each node, and the secret of the cluster.

const PREFIX = "n.";
const SECRET = "secret";
export const SECRET_BYTES = 32;

/** The cluster's secret. The first node draws it. @param told what nodes that run say, if the arbiter has none */
export async function secretOf(arbiter: Arbiter, told: () => Promise<Uint8Array | null>): Promise<Uint8Array> {
  const known = await arbiter.get(SECRET);
  const drawn = Buffer.from((known === null ? await told() : null) ?? randomBytes(SECRET_BYTES));
  for (;;) {
    if ((await arbiter.create(SECRET, drawn.toString("hex"))) !== null) return drawn;
    const entry = await arbiter.get(SECRET);
    if (entry === null) continue;
    const secret = Buffer.from(entry.value, "hex");
    if (secret.length === SECRET_BYTES) return secret;
    throw new Error("the secret of the cluster cannot be read: another program writes where the nodes keep it");
  }
}

/** Gives the arbiter the secret back, if it has lost it. @returns false if it has another one */
export async function keepSecret(arbiter: Arbiter, secret: Uint8Array): Promise<boolean> {
  const written = Buffer.from(secret).toString("hex");
  if ((await arbiter.create(SECRET, written)) !== null) return true;
  const entry = await arbiter.get(SECRET);
  return entry === null || entry.value === written;
}

/**
 * Enters a node into the list.
 * @returns the other nodes of the list, of which some may be gone
 * @throws Error if one of them speaks no version that this one knows
 */
export async function enter(arbiter: Arbiter, node: NodeName, incarnation: string): Promise<NodeName[]> {
  const value = JSON.stringify({ incarnation, versions: [VERSION, VERSION] });
  const others: NodeName[] = [];
  for (const key of await arbiter.keys(PREFIX)) {
    const other = key.slice(PREFIX.length);
    if (other === node) continue;
    others.push(other);
    requireVersion(other, (await arbiter.get(key))?.value);
  }
  for (const key = PREFIX + node; ;) {
    if ((await arbiter.create(key, value)) !== null) return others;
    const entry = await arbiter.get(key);
    if (entry !== null && (await arbiter.update(key, value, entry.revision)) !== null) return others;
  }
}

/** Removes a node from the list, unless it has started again. */
export async function remove(arbiter: Arbiter, node: NodeName, incarnation?: string): Promise<void> {
  const entry = await arbiter.get(PREFIX + node);
  if (entry === null) return;
  if (incarnation !== undefined && read(entry.value)["incarnation"] !== incarnation) return;
  await arbiter.delete(PREFIX + node, entry.revision);
}

function requireVersion(node: NodeName, value: string | undefined): void {
  if (value === undefined) return; // it has just left
  const { versions } = read(value);
  const [lowest, highest] = Array.isArray(versions) ? (versions as unknown[]) : [];
  if (typeof lowest !== "number" || typeof highest !== "number" || (lowest <= VERSION && VERSION <= highest)) return;
  throw new Error(
    `the node ${node} speaks the versions ${lowest} to ${highest}, and this one speaks ${VERSION}: update the older of the two`,
  );
}

function read(value: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(value);
    return isDict(read) ? read : {};
  } catch {
    return {};
  }
}
