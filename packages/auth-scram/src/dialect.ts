import type { Dict } from "@wampgate/core";
import type { Credential, Kdf } from "./credential.ts";
import { preparedName, preparedPassword } from "./saslprep.ts";

/**
 * What the two methods do in different ways. Both are SCRAM (RFC 5802) with SHA-256: `scram` as Crossbar.io and Autobahn
 * have it, `wamp-scram` as the WAMP specification has it ("Salted Challenge Response Authentication Mechanism").
 */
export interface Dialect {
  readonly method: "scram" | "wamp-scram";
  /** What CHALLENGE says of the derivation. */
  readonly kdf: (kdf: Kdf) => Dict;
  /** The user's name, as `n=` has it; null if SASLprep does not allow it. */
  readonly name: (authid: string) => string | null;
  /** The password, as its keys are derived from it. @throws Error if SASLprep does not allow it */
  readonly password: (password: string) => string;
  /** The salted password that the bytes of a derivation make. */
  readonly salted: (bytes: Buffer, kdf: Kdf["name"]) => Buffer;
  /** The channel binding, as `c=` has it; null: there is none. */
  readonly binding: (bound: Bound | null) => string;
  /** Whether it has channel bindings; then AUTHENTICATE's extra repeats the nonce and the binding. */
  readonly binds: boolean;
}

/** A channel binding that the client has signed. */
export interface Bound {
  readonly name: string;
  readonly data: Uint8Array;
}

/** As autobahn-python computes it. */
export const CROSSBAR: Dialect = {
  method: "scram",
  kdf: (kdf) =>
    // autobahn-python fails at a memory that is null.
    kdf.name === "argon2id"
      ? { kdf: "argon2id-13", iterations: kdf.iterations, memory: kdf.memory }
      : { kdf: "pbkdf2", iterations: kdf.iterations },
  name: preparedName,
  password: (password) => password,
  // The hash as it stands in Argon2's own text form: base64 without padding.
  salted: (bytes, kdf) => (kdf === "argon2id" ? Buffer.from(bytes.toString("base64").replace(/=+$/, "")) : bytes),
  binding: () => "",
  binds: false,
};

/** As the WAMP specification says it. */
export const SPEC: Dialect = {
  method: "wamp-scram",
  kdf: (kdf) =>
    kdf.name === "argon2id"
      ? { kdf: "argon2id13", iterations: kdf.iterations, memory: kdf.memory }
      : { kdf: "pbkdf2", iterations: kdf.iterations, memory: null },
  // RFC 5802 section 5.1: "," and "=" would end the attribute.
  name: (authid) => preparedName(authid)?.replaceAll("=", "=3D").replaceAll(",", "=2C") ?? null,
  password: preparedPassword,
  salted: (bytes) => bytes,
  // RFC 5802 section 7: the header of GS2, and the binding's data.
  binding: (bound) =>
    (bound === null ? Buffer.from("n,,") : Buffer.concat([Buffer.from(`p=${bound.name},,`), bound.data])).toString(
      "base64",
    ),
  binds: true,
};

/** CHALLENGE's extra. @param nonce both nonces */
export function challengeExtra(dialect: Dialect, nonce: string, { kdf, salt }: Credential): Dict {
  return { nonce, salt: salt.toString("base64"), ...dialect.kdf(kdf) };
}
