import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { constantTimeEqual } from "@wampgate/core";

/** A public key or a seed: 32 bytes in hex. `Buffer.from` would stop silently at the first digit that is none. */
export const HEX32 = /^[\da-f]{64}$/i;

/** What AUTHENTICATE has: the signature, and the 32 bytes that it signs, in hex. */
const SIGNED = /^[\da-f]{192}$/i;

/** The bytes of an Ed25519 signature. */
const SIGNATURE = 64;

/** A private key in PKCS #8, up to its seed (RFC 8410 section 7). */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/** The y of all points of small order (1, 2, 4 and 8), with the sign bit cleared: 0, 1, p - 1, and two of order 8. */
const SMALL_ORDER = new Set([
  `00${"00".repeat(31)}`,
  `01${"00".repeat(31)}`,
  `ec${"ff".repeat(30)}7f`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);

/** A y of p = 2^255 - 19 or more: another encoding of a smaller one. */
const NOT_CANONICAL = /^(?:e[d-f]|f[\da-f])(?:ff){30}7f$/;

/**
 * Why 64 hex digits must not be anybody's public key; null if they may. For the keys that it names, one signature can fit
 * every message, or many of them, and everybody knows it.
 */
export function weaknessOf(key: string): string | null {
  const y = withoutSign(key.toLowerCase());
  if (SMALL_ORDER.has(y)) return "is a point of small order, for which anybody can sign";
  if (NOT_CANONICAL.test(y)) return "is not canonical: it is another form of a point that has one already";
  return null;
}

/** The sign of x is the highest bit of the last byte. */
function withoutSign(key: string): string {
  const sign = Number.parseInt(key.charAt(62), 16) & 7;
  return key.slice(0, 62) + sign.toString(16) + key.slice(63);
}

/** A private key, and the public key that belongs to it. */
export class SigningKey {
  /** 64 hex digits in lower case. */
  readonly publicKey: string;
  readonly #key: KeyObject;

  /** @param seed 64 hex digits */
  constructor(seed: string) {
    this.#key = createPrivateKey({
      key: Buffer.concat([PKCS8, Buffer.from(seed, "hex")]),
      format: "der",
      type: "pkcs8",
    });
    const { x = "" } = createPublicKey(this.#key).export({ format: "jwk" });
    this.publicKey = Buffer.from(x, "base64url").toString("hex");
  }

  /** The signature of 32 bytes and those bytes, as both ends send it: 192 hex digits. */
  sign(message: Uint8Array): string {
    return Buffer.concat([sign(null, message, this.#key), message]).toString("hex");
  }
}

/**
 * Whether a proof is the signature of one of `messages` by one of `keys`. The bytes that it names must be one of them, since a
 * signature of other bytes, right as it may be, was made for something else.
 */
export function isSigned(proof: string, messages: readonly Uint8Array[], keys: readonly string[]): boolean {
  if (!SIGNED.test(proof)) return false;
  const bytes = Buffer.from(proof, "hex");
  const message = bytes.subarray(SIGNATURE);
  const signed = message.toString("hex");
  if (!messages.some((expected) => constantTimeEqual(Buffer.from(expected).toString("hex"), signed))) return false;
  const signature = bytes.subarray(0, SIGNATURE);
  return keys.some((key) => verify(null, message, { key: jwkOf(key), format: "jwk" }, signature));
}

function jwkOf(key: string) {
  return { kty: "OKP", crv: "Ed25519", x: Buffer.from(key, "hex").toString("base64url") };
}
