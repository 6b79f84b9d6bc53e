import { createHash } from "node:crypto";

const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER = UPPER.toLowerCase();
const DIGITS = "0123456789";

/** In the order of their values. */
const BASE64 = `${UPPER}${LOWER}${DIGITS}+/`;
const BASE64URL = `${UPPER}${LOWER}${DIGITS}-_`;

/** Marks the user's own authid in a pattern. No salt of a sane config contains it. */
const AUTHID = "\0";

/** A shorter authid may occur in a salt by chance. */
const SHORTEST_AUTHID = 2;

/** If this many salts have the same character at one position, that is by design. */
const AGREE = 4;

const UUID = /^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i;

/** For each position of a salt, the possible characters; `\0` is the place of the authid. */
export type SaltShape = readonly string[];

/**
 * The shape of each user's salt: its alphabet (hex, base64, base64url, or the kinds of characters of a free text),
 * padding, length, and what salts of the same length share. A salt that several users share is a shape of its own.
 */
export function saltShapes(users: readonly { authid: string; salt: string }[]): SaltShape[] {
  const patterns = users.map(({ authid, salt }) =>
    authid.length < SHORTEST_AUTHID ? salt : salt.replaceAll(authid, AUTHID),
  );
  const counts = new Map<string, number>();
  const alike = new Map<number, string[]>();
  for (const pattern of patterns) {
    const count = (counts.get(pattern) ?? 0) + 1;
    counts.set(pattern, count);
    if (count === 1) alike.set(pattern.length, [...(alike.get(pattern.length) ?? []), pattern]);
  }
  const shared = new Map([...alike].map(([length, others]) => [length, sharedBy(others)]));
  return patterns.map((pattern) => {
    if ((counts.get(pattern) ?? 0) > 1) return pattern.split("");
    const fixed = shared.get(pattern.length);
    return alphabetsOf(pattern, alike.get(pattern.length) ?? []).map((alphabet, i) => fixed?.[i] ?? alphabet);
  });
}

/** A salt of that shape: always the same one for the same `seed`. @param authid the authid in HELLO */
export function saltOf(shape: SaltShape, seed: Buffer, authid: string): string {
  const bytes = createHash("shake256", { outputLength: Math.max(1, shape.length) * 2 })
    .update(seed)
    .digest();
  const salt = shape
    .map((alphabet, i) =>
      alphabet === AUTHID ? authid : (alphabet[bytes.readUInt16BE(2 * i) % alphabet.length] ?? ""),
    )
    .join("");
  // A salt that is only the authid, and no authid was named: a challenge needs a salt.
  return salt === "" ? "0" : salt;
}

/** The characters that many salts have in common, by position. */
function sharedBy(patterns: readonly string[]): (string | undefined)[] {
  const [first = ""] = patterns;
  if (patterns.length < AGREE) return [];
  return first.split("").map((char, i) => (patterns.every((other) => other[i] === char) ? char : undefined));
}

/** @param alike the salts of the same length: a single one may lack the characters that show its alphabet */
function alphabetsOf(pattern: string, alike: readonly string[]): SaltShape {
  const chars = pattern.split("");
  if (UUID.test(pattern)) return uuidAlphabets(chars);
  if (/^[\dA-Fa-f-]{8,}$/.test(pattern) && isOneCase(pattern)) {
    const hex = /[A-F]/.test(pattern) ? `${DIGITS}ABCDEF` : `${DIGITS}abcdef`;
    if (/[A-Fa-f]/.test(pattern)) return chars.map((char) => (char === "-" ? char : hex));
  }
  return base64Alphabets(pattern, alike) ?? chars.map((char) => kindOf(char));
}

function isOneCase(text: string): boolean {
  return text === text.toLowerCase() || text === text.toUpperCase();
}

/** The positions of a UUID's version and variant are not random (RFC 9562). */
function uuidAlphabets(chars: readonly string[]): SaltShape {
  const isUpper = chars.some((char) => /[A-F]/.test(char));
  const cased = (alphabet: string): string => (isUpper ? alphabet.toUpperCase() : alphabet);
  return chars.map((char, i) => {
    if (char === "-" || i === 14) return char;
    return cased(i === 19 ? "89ab" : `${DIGITS}abcdef`);
  });
}

/** Null if it is not base64: a text by a person, or one with another alphabet. */
function base64Alphabets(pattern: string, alike: readonly string[]): SaltShape | null {
  const body = pattern.replace(/=+$/, "");
  const isPadded = body.length < pattern.length;
  const rest = body.length % 4;
  const isWhole = isPadded ? pattern.length % 4 === 0 && rest > 1 : rest !== 1;
  const isMixed = body.length >= 8 && /[A-Z]/.test(body) && /[a-z]/.test(body);
  if (!isWhole || !(isPadded || isMixed)) return null;
  const all = alike.join("");
  const isUrl = /[-_]/.test(all) && !/[+/]/.test(all);
  const alphabet = isUrl ? BASE64URL : BASE64;
  const chars = body.split("");
  if (!chars.every((char) => alphabet.includes(char))) return null;
  const last = lastOf(alphabet, rest, body);
  // Without padding and signs it may be only letters and digits. That is unclear, so each character keeps its kind.
  const isSure = isPadded || /[-_+/]/.test(all);
  return pattern.split("").map((char, i) => {
    if (char === "=") return char;
    const own = i === body.length - 1 ? last : alphabet;
    return isSure ? own : common(own, kindOf(char));
  });
}

function common(one: string, other: string): string {
  return other
    .split("")
    .filter((char) => one.includes(char))
    .join("");
}

/** The possible last characters: encoders set the unused bits to 0. */
function lastOf(alphabet: string, rest: number, body: string): string {
  if (rest < 2) return alphabet;
  const step = rest === 2 ? 16 : 4;
  const last = alphabet
    .split("")
    .filter((_char, i) => i % step === 0)
    .join("");
  return last.includes(body.charAt(body.length - 1)) ? last : alphabet;
}

/** The characters of the same kind. */
function kindOf(char: string): string {
  return [UPPER, LOWER, DIGITS].find((kind) => kind.includes(char)) ?? char;
}
