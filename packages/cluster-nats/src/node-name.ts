import { createHash } from "node:crypto";
import { hostname } from "node:os";

/** What the names of nodes and clusters look like: they are parts of NATS subjects. */
export const NAME = /^[A-Za-z0-9_-]{1,32}$/;

/** The subject of those that come has this in the place of a node's name. */
export const HELLO = "hello";

const LABEL_LENGTH = 24;
const HASH_LENGTH = 5;

/**
 * The name of a node that has none in the config: the first label of its host's name, and some characters of the hash of the
 * whole name, so that hosts which differ later get different names.
 */
export function nodeNameOf(host = hostname()): string {
  const [label = ""] = host.split(".");
  const legal = label.replace(/[^A-Za-z0-9_-]/g, "-").slice(0, LABEL_LENGTH);
  return `${legal}-${createHash("sha256").update(host).digest("hex").slice(0, HASH_LENGTH)}`;
}
