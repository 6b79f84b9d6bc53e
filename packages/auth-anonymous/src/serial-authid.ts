import { randomBytes } from "node:crypto";

/** Letters and digits that nobody mistakes for one another, as in Crossbar. */
const ALPHABET = "345679ACEFGHJKLMNPQRSTUVWXY";

/** A random authid, `XXXX-XXXX-XXXX-XXXX-XXXX-XXXX`: 114 bits, so nobody can guess or meet another's. */
export function serialAuthid(): string {
  const letters: string[] = [];
  while (letters.length < LENGTH) {
    // Bytes past the last whole multiple would make the first letters likelier.
    for (const byte of randomBytes(2 * LENGTH)) if (byte < FAIR) letters.push(ALPHABET.charAt(byte % ALPHABET.length));
  }
  const groups = [0, 4, 8, 12, 16, 20].map((at) => letters.slice(at, at + 4).join(""));
  return groups.join("-");
}

const LENGTH = 24;
const FAIR = 256 - (256 % ALPHABET.length);
