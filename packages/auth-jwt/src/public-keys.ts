import { createPublicKey, type JsonWebKey } from "node:crypto";
import { isDict } from "@wampgate/core";
import type { JSONWebKeySet, JWK } from "jose";

/** More keys than an issuer has. A token without `kid` is tried with each one that fits. */
const MOST_KEYS = 64;
/** The fewest bits of an RSA key (RFC 7518, section 3.3). */
const SHORTEST_RSA = 2048;

/** A text holds no public keys that can be used. The message is a sentence without values. */
export class NoKeys extends Error {
  override readonly name = "NoKeys";
}

/** The public keys of a key set (RFC 7517): what is no public key for signatures is left out. @throws NoKeys */
export function keySetOf(text: string): JSONWebKeySet {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    throw new NoKeys("it is not JSON");
  }
  if (!isDict(set) || !Array.isArray(set["keys"])) throw new NoKeys("it is no key set: { keys: […] }");
  const keys = (set["keys"] as unknown[]).filter(isUsable);
  if (keys.length === 0) throw new NoKeys("it has no public key for signatures");
  if (keys.length > MOST_KEYS) throw new NoKeys(`it has more than ${MOST_KEYS} keys`);
  return { keys };
}

/** The public keys of a file, as PEM or as a key set. @throws NoKeys */
export function keysOfFile(text: string): JSONWebKeySet {
  if (text.trimStart().startsWith("{")) return keySetOf(text);
  const blocks = text.match(/-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g) ?? [];
  if (blocks.length === 0) throw new NoKeys("it has no key: expected PEM, or a key set in JSON");
  if (blocks.length > MOST_KEYS) throw new NoKeys(`it has more than ${MOST_KEYS} keys`);
  return { keys: blocks.map(publicKeyOf) };
}

function publicKeyOf(pem: string): JWK {
  if (pem.includes("PRIVATE KEY"))
    throw new NoKeys("it has a private key: only the issuer has that; give the public one");
  try {
    return createPublicKey(pem).export({ format: "jwk" });
  } catch {
    throw new NoKeys("it has a PEM block that is no public key and no certificate");
  }
}

function isUsable(key: unknown): key is JWK {
  if (!isDict(key) || "d" in key || (key["use"] !== undefined && key["use"] !== "sig")) return false;
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: key as JsonWebKey, format: "jwk" });
    return (asymmetricKeyDetails?.modulusLength ?? SHORTEST_RSA) >= SHORTEST_RSA;
  } catch {
    return false;
  }
}

/** The algorithms, of those given, that no key of the set fits. */
export function unfitting({ keys }: JSONWebKeySet, algorithms: readonly string[]): string[] {
  return algorithms.filter((algorithm) => !keys.some((key) => fits(key, algorithm)));
}

function fits({ kty, crv, alg }: JWK, algorithm: string): boolean {
  if (alg !== undefined && alg !== algorithm) return false;
  switch (algorithm) {
    case "ES256":
      return crv === "P-256";
    case "ES384":
      return crv === "P-384";
    case "ES512":
      return crv === "P-521";
    case "EdDSA":
    case "Ed25519":
      return crv === "Ed25519";
    default:
      return kty === "RSA";
  }
}
