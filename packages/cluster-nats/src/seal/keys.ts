import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";

// AES-256-GCM, with keys that HKDF derives from the cluster's key: RFC 5869 and NIST SP 800-38D.

const ALGORITHM = "aes-256-gcm";
const KEY_BYTES = 32;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

/** The bytes of `seal` in the config, in hex or base64; null if they are not 32. */
export function clusterKeyOf(text: string): Buffer | null {
  const bytes = Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? "hex" : "base64");
  return bytes.length === KEY_BYTES && /^(?:[0-9a-f]{64}|[\w+/-]{43}=?)$/i.test(text) ? bytes : null;
}

/** A key for one use. @param salt public bytes that no other key for this use has */
export function derivedKey(clusterKey: Uint8Array, salt: Uint8Array, use: readonly string[]): Buffer {
  return Buffer.from(hkdfSync("sha256", clusterKey, salt, JSON.stringify(["wampgate", ...use]), KEY_BYTES));
}

/** @param nonce must never come twice with one key @param beside what is not hidden, but must not be changed either */
export function sealed(key: Uint8Array, nonce: Uint8Array, beside: Uint8Array, bytes: Uint8Array): Buffer[] {
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(beside);
  return [cipher.update(bytes), cipher.final(), cipher.getAuthTag()];
}

/** What was sealed, null if somebody else did it or it was changed. @param bytes with the tag at their end */
export function opened(key: Uint8Array, nonce: Uint8Array, beside: Uint8Array, bytes: Uint8Array): Buffer | null {
  const end = bytes.length - TAG_BYTES;
  if (end < 0) return null;
  try {
    const decipher = createDecipheriv(ALGORITHM, key, nonce).setAAD(beside).setAuthTag(bytes.subarray(end));
    const text = decipher.update(bytes.subarray(0, end));
    decipher.final();
    return text;
  } catch {
    return null;
  }
}
