import { randomInt } from "node:crypto";

/** Letters and digits that nobody mistakes for one another, as in Crossbar. */
const ALPHABET = "345679ACEFGHJKLMNPQRSTUVWXY";

/** A random authid, `XXXX-XXXX-XXXX-XXXX-XXXX-XXXX`: 114 bits, so nobody can guess or meet another's. */
export function serialAuthid(): string {
  const group = (): string => Array.from({ length: 4 }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
  return Array.from({ length: 6 }, group).join("-");
}
