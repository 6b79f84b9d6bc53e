import { deriveKeys } from "./derive.ts";
import { CROSSBAR, SPEC } from "./dialect.ts";
import { authMessage, type Exchange, isProof, proofOf, serverSignature } from "./signatures.ts";

const SALT = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
const ARGON2 = { name: "argon2id", iterations: 3, memory: 512 } as const;
const PBKDF2 = { name: "pbkdf2", iterations: 4096 } as const;

const hex = (text: string): Buffer => Buffer.from(text, "hex");

/** RFC 7677 section 3, "SCRAM-SHA-256 Authentication Exchange". */
const RFC: Omit<Exchange, "binding"> = {
  name: "user",
  clientNonce: "rOprNGfwEbeRWgbNEkqO",
  nonce: "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
  salt: SALT.toString("base64"),
  iterations: 4096,
};

describe("keys derived from the password pencil", () => {
  it.each([
    [
      "by pbkdf2, as in RFC 7677",
      SPEC,
      PBKDF2,
      "586e5df283e6dceb5c3e791d8b8528ec191e664045ce971792e2e6b5bb13e2a6",
      "c1f3cbc1c13a9d35a14c0990eed97629ea225863e566a4314ab99f3f00e5d9d5",
    ],
    [
      "by pbkdf2 for Crossbar.io, which are the same",
      CROSSBAR,
      PBKDF2,
      "586e5df283e6dceb5c3e791d8b8528ec191e664045ce971792e2e6b5bb13e2a6",
      "c1f3cbc1c13a9d35a14c0990eed97629ea225863e566a4314ab99f3f00e5d9d5",
    ],
    [
      "by Argon2id as in the WAMP specification, of the bytes",
      SPEC,
      ARGON2,
      "3bc21f4abc459af820cae73661d385892023ab346f8d65f1263693cd67f60994",
      "443cb771b3b4bd25c47b831811d241265bbebdc3494b5b7fe4cf277cc6d9e61d",
    ],
    [
      "by Argon2id as autobahn-python does, of the text in base64",
      CROSSBAR,
      ARGON2,
      "911f34dea35ab63e788c5bc62b6d8930ccd7a88a1942dfaa37104959d29521ce",
      "f0fb8e59e52c7e941b16dd977094e8a64b9e7c13f77a9b813ef3395694c8b950",
    ],
  ])("%s", async (_what, dialect, kdf, storedKey, serverKey) => {
    const keys = await deriveKeys(dialect, "pencil", SALT, kdf);
    expect(keys.storedKey.toString("hex")).toBe(storedKey);
    expect(keys.serverKey.toString("hex")).toBe(serverKey);
  });
});

describe("proof and verifier", () => {
  it.each([
    [
      "of RFC 7677",
      "biws",
      "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
      "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ],
    [
      "with the empty binding of Crossbar.io",
      "",
      "6VE4gUvL62nexvdy4ZPkOehSEQHBzwbNYx3O3vVAfcs=",
      "hdXzCr1KTPA40J9k+cRMysJLGx7tys0vLs8WpH0hQao=",
    ],
  ])("%s", async (_what, binding, proof, verifier) => {
    const keys = await deriveKeys(SPEC, "pencil", SALT, PBKDF2);
    const message = authMessage({ ...RFC, binding });
    expect(proofOf(keys, message)).toBe(proof);
    expect(isProof(Buffer.from(proof, "base64"), keys.storedKey, message)).toBe(true);
    expect(serverSignature(keys.serverKey, message)).toBe(verifier);
  });

  it("as autobahn-python sends and demands them", () => {
    const clientNonce = "wcpOT4FPJrUdhLmjmSWHOA==";
    const nonce = `${clientNonce}SBmkFIh7sSo=`;
    const said = { name: "user", clientNonce, nonce, salt: SALT.toString("base64"), iterations: 3, binding: "" };
    const message = authMessage(said);
    const storedKey = hex("911f34dea35ab63e788c5bc62b6d8930ccd7a88a1942dfaa37104959d29521ce");
    const serverKey = hex("f0fb8e59e52c7e941b16dd977094e8a64b9e7c13f77a9b813ef3395694c8b950");
    const proof = Buffer.from("8dhobDW7ETLF2MJfszyFcejlORMo1q1kPnCzhCJbMjI=", "base64");
    expect(isProof(proof, storedKey, message)).toBe(true);
    expect(serverSignature(serverKey, message)).toBe("A2eb7uuZuNdatbGhEfjBuXUl66Bk/WI7FHLDNRaFIco=");
    for (let i = 0; i < proof.length; i++) {
      const other = Buffer.from(proof);
      other[i] = (other[i] ?? 0) ^ 1;
      expect(isProof(other, storedKey, message)).toBe(false);
    }
  });
});
