import { randomBytes } from "node:crypto";

/** Letters and digits that nobody mistakes for one another, as in Crossbar. */
const ALPHABET = "345679ACEFGHJKLMNPQRSTUVWXY";

/** A random authid, `XXXX-XXXX-XXXX-XXXX-XXXX-XXXX`: 114 bits, so nobody can guess or meet another's. */
export function serialAuthid(): string {
  let authid = "";
  for (let count = 0; count < LENGTH;) {
    for (const byte of randomBytes(2 * LENGTH)) {
      // Bytes past the last whole multiple would make the first letters likelier.
      if (byte >= FAIR || count === LENGTH) continue;
      authid += (count > 0 && count % 4 === 0 ? "-" : "") + ALPHABET.charAt(byte % ALPHABET.length);
      count++;
    }
  }
  return authid;
}

const LENGTH = 24;
const FAIR = 256 - (256 % ALPHABET.length);
