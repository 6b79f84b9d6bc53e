// The Ed25519 key of the bench's client, the same in each run.
import { createPrivateKey, createPublicKey, sign } from "node:crypto";

/** The beginning of such a key in PKCS #8 (RFC 8410); 32 bytes follow. */
const HEAD = "302e020100300506032b657004220420";

const key = createPrivateKey({ key: Buffer.from(HEAD + "b3".repeat(32), "hex"), format: "der", type: "pkcs8" });

export const PUBLIC_KEY = Buffer.from(createPublicKey(key).export({ format: "jwk" }).x, "base64url").toString("hex");

/** What a client of cryptosign answers. @param challenge in hex */
export function signedBy(challenge) {
  return sign(null, Buffer.from(challenge, "hex"), key).toString("hex") + challenge;
}
