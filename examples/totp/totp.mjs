import { createHmac } from "node:crypto";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** How long a code is valid, in milliseconds. */
const SLOT = 30_000;

/** The number of the time slot that contains `time`. */
export const slotAt = (time) => Math.floor(time / SLOT);

/** The six digits for a seed in base32 and a time slot (RFC 6238 with SHA-1, as authenticator apps use it). */
export function codeOf(seed, slot) {
  const bits = [...seed].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(slot));
  const mac = createHmac("sha1", key).update(counter).digest();
  const number = mac.readUInt32BE(mac.at(-1) & 0x0f) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}
