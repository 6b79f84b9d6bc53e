import { randomFillSync } from "node:crypto";

/** Letters and digits that cannot be confused, as in Crossbar. */
const ALPHABET = "345679ACEFGHJKLMNPQRSTUVWXY";
const LENGTH = 24;
/** Bytes beyond the last whole multiple would make the first letters more likely. */
const FAIR = 256 - (256 % ALPHABET.length);

/** Random bytes for many serials, since each draw costs time. */
const pool = Buffer.allocUnsafeSlow(1024);
let drawn = pool.length;

/** A random authid, `XXXX-XXXX-XXXX-XXXX-XXXX-XXXX`: 114 bits, so it cannot be guessed, and two are never the same. */
export function serialAuthid(): string {
  let serial = "";
  for (let letters = 0; letters < LENGTH;) {
    const byte = randomByte();
    if (byte >= FAIR) continue;
    if (letters > 0 && letters % 4 === 0) serial += "-";
    serial += ALPHABET.charAt(byte % ALPHABET.length);
    letters++;
  }
  return serial;
}

function randomByte(): number {
  if (drawn === pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  const byte = pool[drawn] as number;
  pool[drawn++] = 0;
  return byte;
}
