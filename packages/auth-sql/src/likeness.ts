import { createHash } from "node:crypto";

const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER = UPPER.toLowerCase();
const DIGITS = "0123456789";

/** From the smallest to the largest: a text is taken to be of the first one that has all its characters. */
const ALPHABETS = [
  DIGITS,
  `${DIGITS}abcdef`,
  `${DIGITS}ABCDEF`,
  `${UPPER}234567`,
  DIGITS + LOWER,
  DIGITS + UPPER + LOWER,
  `${DIGITS}${UPPER}${LOWER}-_`,
  `${DIGITS}${UPPER}${LOWER}+/`,
  `${DIGITS}${UPPER}${LOWER}./`,
];

const UUID = /^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

/** What a text looks like: the characters that each of its places may have. Two salts of one program look alike. */
export type Likeness =
  | { readonly form: "base64"; readonly bytes: number }
  | { readonly form: "uuid" }
  | { readonly form: "text"; readonly alphabet: string; readonly length: number; readonly places: string };

export function likenessOf(text: string): Likeness {
  if (UUID.test(text)) return { form: "uuid" };
  const alphabet = ALPHABETS.find((own) => text.split("").every((char) => own.includes(char)));
  const bytes = Buffer.from(text, "base64");
  const isMixed = /[a-z]/.test(text) && /[A-Z]/.test(text);
  if (bytes.length > 0 && bytes.toString("base64") === text && (text.endsWith("=") || isMixed))
    return { form: "base64", bytes: bytes.length };
  if (alphabet !== undefined) return { form: "text", alphabet, length: text.length, places: "" };
  // Written by a person: each place keeps what is no letter or digit.
  const places = text.replaceAll(/[A-Z]/g, "A").replaceAll(/[a-z]/g, "a").replaceAll(/\d/g, "0");
  return { form: "text", alphabet: "", length: text.length, places };
}

/** A text that looks so: always the same one for the same `seed`. */
export function textLike(likeness: Likeness, seed: Buffer): string {
  const random = (outputLength: number): Buffer => createHash("shake256", { outputLength }).update(seed).digest();
  if (likeness.form === "base64") return random(likeness.bytes).toString("base64");
  if (likeness.form === "uuid") {
    const hex = random(16).toString("hex");
    const variant = "89ab".charAt(parseInt(hex.charAt(16), 16) % 4);
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      variant + hex.slice(17, 20),
      hex.slice(20),
    ].join("-");
  }
  const { alphabet, length, places } = likeness;
  const bytes = random(2 * length + 2);
  return Array.from({ length }, (_, i) => {
    const own = alphabet === "" ? kindOf(places.charAt(i)) : alphabet;
    return own.charAt(bytes.readUInt16BE(2 * i) % own.length);
  }).join("");
}

function kindOf(char: string): string {
  return [UPPER, LOWER, DIGITS].find((kind) => kind.includes(char)) ?? char;
}
