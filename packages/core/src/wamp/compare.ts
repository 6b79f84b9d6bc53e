import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Whether two proofs (tickets, signatures) are equal, in a time that does not depend on where they differ. Both are
 * hashed first, so neither their lengths nor a common prefix show.
 */
export function constantTimeEqual(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text, "utf8").digest();
  return timingSafeEqual(digest(a), digest(b));
}
