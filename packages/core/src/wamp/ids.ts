import { randomFillSync } from "node:crypto";

/** The largest id (spec, basic/building_blocks "IDs"): 2^53, which JavaScript still holds exactly. */
export const MAX_ID = 2 ** 53;

/** Whether `value` is an id: a whole number from 1 to 2^53. */
export function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= MAX_ID;
}

/**
 * A random id of the global scope (sessions, publications): uniform in [1, 2^53 - 1], from the system's secure source,
 * so that a session id cannot be guessed.
 */
export function randomId(): number {
  for (;;) {
    if (drawn === pool.length) {
      randomFillSync(pool);
      drawn = 0;
    }
    const id = (pool.readUInt8(drawn) & 0x1f) * 2 ** 48 + pool.readUIntBE(drawn + 1, 6);
    pool.fill(0, drawn, drawn + 7);
    drawn += 7;
    if (id !== 0) return id;
  }
}

/** Random bytes for many ids, since each draw costs time. */
const pool = Buffer.allocUnsafeSlow(7 * 512);
let drawn = pool.length;

/** Ids of one session's scope, or one router's: 1, 2, 3 … wrapping after 2^53. */
export class IdSequence {
  #last = 0;

  next(): number {
    this.#last = this.#last >= MAX_ID ? 1 : this.#last + 1;
    return this.#last;
  }
}
