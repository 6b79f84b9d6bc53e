import { createSecretKey, type KeyObject } from "node:crypto";
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyOptions,
} from "jose";
import type { Block } from "./block.ts";
import type { KeySet, RemoteKeys } from "./remote-keys.ts";

/** A token that is not good. The message names a claim at most, and no value. */
export class BadToken extends Error {
  override readonly name = "BadToken";
}

/** What signatures are checked with. */
export type Keys =
  | { readonly kind: "secret"; readonly key: KeyObject }
  | { readonly kind: "set"; readonly set: KeySet }
  | { readonly kind: "remote"; readonly remote: RemoteKeys };

export function secretKeys(secret: string): Keys {
  return { kind: "secret", key: createSecretKey(Buffer.from(secret)) };
}

export function fileKeys(set: JSONWebKeySet): Keys {
  return { kind: "set", set: createLocalJWKSet(set) };
}

/** Whether a text is a token of one of these issuers, as far as it says so itself: nothing is verified. */
export function claimsToBeOf(token: string, issuers: readonly string[]): boolean {
  try {
    decodeProtectedHeader(token);
    const { iss } = decodeJwt(token);
    return typeof iss === "string" && issuers.includes(iss);
  } catch {
    return false;
  }
}

/**
 * Verifies a token.
 * @throws BadToken; NoKeys if the keys cannot be had
 */
export async function verified(token: string, keys: Keys, own: Block): Promise<JWTPayload> {
  const { issuer, audience, algorithms, "clock-tolerance": clockTolerance } = own;
  const options: JWTVerifyOptions = {
    issuer,
    audience,
    algorithms,
    clockTolerance,
    requiredClaims: ["exp"],
    ...(own["max-age"] === undefined ? {} : { maxTokenAge: own["max-age"] }),
    ...(own["token-type"] === undefined ? {} : { typ: own["token-type"] }),
  };
  try {
    if (keys.kind === "secret") return (await jwtVerify(token, keys.key, options)).payload;
    if (keys.kind === "set") return await bySet(token, keys.set, options);
    return await byRemote(token, keys.remote, options);
  } catch (error) {
    if (error instanceof errors.JOSEError) throw new BadToken(problemOf(error));
    throw error;
  }
}

async function byRemote(token: string, remote: RemoteKeys, options: JWTVerifyOptions): Promise<JWTPayload> {
  const set = await remote.current();
  try {
    return await bySet(token, set, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    const newer = await remote.newer(set);
    if (newer === null) throw error;
    return bySet(token, newer, options);
  }
}

/** A token that names no key may fit several. */
async function bySet(token: string, set: KeySet, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, set, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (wrong) {
        if (!(wrong instanceof errors.JWSSignatureVerificationFailed)) throw wrong;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

function problemOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return "it has expired";
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.reason === "missing"
      ? `it has no ${error.claim}`
      : `its ${error.claim} is not the one that is demanded`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return "its signature is wrong";
  if (error instanceof errors.JOSEAlgNotAllowed) return "its algorithm is not among algorithms";
  if (error instanceof errors.JWKSNoMatchingKey) return "no key of the issuer fits it";
  return "it is malformed";
}
