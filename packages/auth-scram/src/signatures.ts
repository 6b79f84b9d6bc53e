import { createHash, createHmac } from "node:crypto";
import { constantTimeEqual } from "@wampgate/core";

/** What both sides sign (RFC 5802 section 3, "AuthMessage"), in the forms that stand on the wire. */
export interface Exchange {
  /** The user's name, as `n=` has it. */
  readonly name: string;
  readonly clientNonce: string;
  /** The client's nonce and the router's, one after the other. */
  readonly nonce: string;
  /** In base64. */
  readonly salt: string;
  readonly iterations: number;
  /** The channel binding, as `c=` has it. */
  readonly binding: string;
}

/** The keys that a salted password makes. The router knows the last two, and cannot compute the first. */
export interface Keys {
  readonly clientKey: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

export function keysOf(saltedPassword: Buffer): Keys {
  const clientKey = hmac(saltedPassword, "Client Key");
  return { clientKey, storedKey: sha256(clientKey), serverKey: hmac(saltedPassword, "Server Key") };
}

export function authMessage({ name, clientNonce, nonce, salt, iterations, binding }: Exchange): string {
  return `n=${name},r=${clientNonce},r=${nonce},s=${salt},i=${iterations},c=${binding},r=${nonce}`;
}

/** The client's proof, in base64. */
export function proofOf({ clientKey, storedKey }: Keys, message: string): string {
  return xor(clientKey, hmac(storedKey, message)).toString("base64");
}

/** Whether `proof` was made with the client key of which `storedKey` is the hash. */
export function isProof(proof: Buffer, storedKey: Buffer, message: string): boolean {
  const clientKey = xor(proof, hmac(storedKey, message));
  return constantTimeEqual(sha256(clientKey).toString("base64"), storedKey.toString("base64"));
}

/** What proves to the client that the router knows its keys, in base64. */
export function serverSignature(serverKey: Buffer, message: string): string {
  return hmac(serverKey, message).toString("base64");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text, "utf8").digest();
}

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

/** @param mask as long as `bytes`, or longer */
function xor(bytes: Buffer, mask: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, i) => byte ^ (mask[i] ?? 0)));
}
