import { generateKeyPairSync } from "node:crypto";
import { keySetOf, keysOfFile, NoKeys, unfitting } from "./public-keys.ts";

const ec = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve }).publicKey;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
const ed = generateKeyPairSync("ed25519").publicKey;

it("a file may hold several keys in PEM, and each algorithm needs one of its kind", () => {
  const pem = [ec("P-256"), ec("P-384"), ec("P-521"), rsa, ed].map((key) =>
    key.export({ type: "spki", format: "pem" }),
  );
  const set = keysOfFile(`some words\n${pem.join("\n")}`);
  expect(set.keys).toHaveLength(5);
  const all = ["ES256", "ES384", "ES512", "EdDSA", "Ed25519", "RS256", "PS512"];
  expect(unfitting(set, all)).toEqual([]);
  expect(unfitting({ keys: set.keys.slice(0, 1) }, all)).toEqual(all.slice(1));
  expect(unfitting({ keys: [{ ...set.keys[3], alg: "RS384" }] }, ["RS256", "RS384"])).toEqual(["RS256"]);
});

it("of a key set only public keys for signatures are used, and only RSA keys that are long enough", () => {
  const short = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
  const secret = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const good = { ...ed.export({ format: "jwk" }), use: "sig" };
  const others = [short, secret, { ...good, use: "enc" }, { kty: "oct", k: "AAAA" }, "text", null];
  expect(keySetOf(JSON.stringify({ keys: [...others, good] })).keys).toEqual([good]);
  expect(() => keySetOf(JSON.stringify({ keys: others }))).toThrow(NoKeys);
});

it("a set or a file with more than 64 keys is refused", () => {
  const key = ed.export({ format: "jwk" });
  expect(() => keySetOf(JSON.stringify({ keys: Array(65).fill(key) }))).toThrow(new NoKeys("it has more than 64 keys"));
  const pem = ed.export({ type: "spki", format: "pem" }) as string;
  expect(() => keysOfFile(pem.repeat(65))).toThrow(new NoKeys("it has more than 64 keys"));
});
