import { randomFillSync } from "node:crypto";

/** Letters and digits that cannot be confused, as in Crossbar. */
const ALPHABET = "345679ACEFGHJKLMNPQRSTUVWXY";
const LENGTH = 24;
/** Bytes beyond the last whole multiple would make the first letters more likely. */
const FAIR = 256 - (256 % ALPHABET.length);

/** The serial that is being made: its dashes stay. */
const text = Buffer.from("XXXX-XXXX-XXXX-XXXX-XXXX-XXXX");

/** Random bytes for many serials, since each draw costs time. */
const pool = Buffer.allocUnsafeSlow(1024);
let drawn = pool.length;

/** A random authid, `XXXX-XXXX-XXXX-XXXX-XXXX-XXXX`: 114 bits, so it cannot be guessed, and two are never the same. */
export function serialAuthid(): string {
  for (let letters = 0; letters < LENGTH;) {
    const byte = randomByte();
    if (byte >= FAIR) continue;
    text[letters + Math.floor(letters / 4)] = ALPHABET.charCodeAt(byte % ALPHABET.length);
    letters++;
  }
  return text.toString("latin1");
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
