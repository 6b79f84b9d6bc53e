import { createPublicKey, randomBytes, verify } from "node:crypto";
import { joined, show, withKey } from "../login.mjs";

const { CLIENT01_KEY, CLIENT02_KEY, STRANGER_KEY } = process.env;
const [one, two] = ["client01@example.com", "client02@example.com"];

/** The router's public key, as its operator has told the clients. */
const ROUTER = "7ef1163d8223ee9d6b334eae0adf063676c0fc1c124933168bc7167975ee6460";

await show("client01, by authid and key", `joined devices as ${one}, role device`, () =>
  joined({ realm: "devices", authid: one, ...withKey(CLIENT01_KEY) }),
);
await show("client02, by its second key alone", `joined devices as ${two}, role device`, () =>
  joined({ realm: null, ...withKey(CLIENT02_KEY) }),
);
await show("client01, which has checked the router's key", `joined devices as ${one}, role device`, () => {
  const challenge = randomBytes(32);
  const { onchallenge, ...key } = withKey(CLIENT01_KEY, { challenge: challenge.toString("hex") });
  return joined({
    realm: "devices",
    ...key,
    onchallenge(session, method, extra) {
      if (!isSigned(extra.signature, challenge, ROUTER)) throw new Error("that is not our router");
      return onchallenge(session, method, extra);
    },
  });
});
for (const [what, authid, key] of [
  ["client01, with the key of client02", one, CLIENT02_KEY],
  ["client01, with an unknown key", one, STRANGER_KEY],
  ["an unknown client", "nobody@example.com", STRANGER_KEY],
]) {
  await show(what, "refused, wamp.error.authentication_denied", () =>
    joined({ realm: "devices", authid, ...withKey(key) }),
  );
}

/** Whether `proof`, a signature and the bytes that it signs, is for these bytes by that key. */
function isSigned(proof, bytes, key) {
  const [signature, signed] = [proof.slice(0, 128), proof.slice(128)].map((hex) => Buffer.from(hex, "hex"));
  const x = Buffer.from(key, "hex").toString("base64url");
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return signed.equals(bytes) && verify(null, bytes, publicKey, signature);
}
