// The client's half of wamp-scram (RFC 5802, with SHA-256), for passwords whose keys are derived by pbkdf2.
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

const hmac = (key, text) => createHmac("sha256", key).update(text).digest();

/** One login: its `options` are for autobahn, and `isKnown` says whether WELCOME came from a router that knows the password. */
export function scramLogin(authid, password) {
  const clientNonce = randomBytes(16).toString("base64");
  let routersProof;
  function onchallenge(_session, _method, { nonce, salt, iterations, kdf }) {
    if (kdf !== "pbkdf2") throw new Error(`this client cannot derive keys by ${kdf}`);
    // A router could make the client work for hours, or sign a nonce that is not its own.
    if (iterations > 1_000_000 || !nonce.startsWith(clientNonce)) throw new Error("no such challenge is answered");
    // Passwords and names that are not ASCII need SASLprep (RFC 4013) first.
    const salted = pbkdf2Sync(password, Buffer.from(salt, "base64"), iterations, 32, "sha256");
    const name = authid.replaceAll("=", "=3D").replaceAll(",", "=2C");
    const message = `n=${name},r=${clientNonce},r=${nonce},s=${salt},i=${iterations},c=biws,r=${nonce}`;
    const clientKey = hmac(salted, "Client Key");
    const signature = hmac(createHash("sha256").update(clientKey).digest(), message);
    routersProof = hmac(hmac(salted, "Server Key"), message).toString("base64");
    const proof = Buffer.from(clientKey.map((byte, i) => byte ^ signature[i])).toString("base64");
    return [proof, { nonce, channel_binding: null, cbind_data: null }];
  }
  return {
    options: { realm: "realm1", authid, authmethods: ["wamp-scram"], authextra: { nonce: clientNonce }, onchallenge },
    isKnown: ({ authextra }) => authextra.verifier === `v=${routersProof}`,
  };
}
