import { randomBytes } from "node:crypto";
import { verify } from "@node-rs/argon2";
import { type CheckedClient, SecretHash, whenItsTurn } from "@wampgate/core";
import { compare } from "bcrypt";

// A row must not make a login cost seconds, or all memory.
const ARGON2 = { memory: 65_536, time: 10, lanes: 4 };
const BCRYPT = { least: 4, most: 14 };
const SCRYPT_MEMORY = 64 * 1024 * 1024;

/** bcrypt reads no more of a password: two that have these bytes in common would be the same. */
const BCRYPT_BYTES = 72;

const ARGON2_FORM = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([\w+/]{11,86})\$([\w+/]{16,86})$/;
const BCRYPT_FORM = /^\$2[aby]\$(\d\d)\$([./\dA-Za-z]{53})$/;
const SCRYPT_FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),/;

/** A hash of a ticket, as applications keep it. No print shows it. */
export interface PasswordHash {
  /** Two hashes of equal cost take the same time. */
  readonly cost: string;
  /** A hash of the same cost that no ticket fits. */
  decoy(): PasswordHash;
  /** Whether this is its ticket. It runs off the event loop, when it is its turn. @throws LimitError, what the signal says */
  fits(ticket: string, client: CheckedClient): Promise<boolean>;
}

/** What decoys cost before a hash was seen: what OWASP recommends. */
export function usualDecoy(): PasswordHash {
  return argon2Decoy(19_456, 2, 1, 16, 32);
}

/** Reads a hash: `$argon2id$…`, `$scrypt$…` or `$2b$…` of bcrypt. @throws if it is none, or costs too much: a sentence without it */
export function parseHash(text: string): PasswordHash {
  const [, m, t, p, salt = "", hash = ""] = ARGON2_FORM.exec(text) ?? [];
  if (m !== undefined) return argon2(text, Number(m), Number(t), Number(p), bytesIn(salt), bytesIn(hash));
  const [, cost] = BCRYPT_FORM.exec(text) ?? [];
  if (cost !== undefined) return bcrypt(text, Number(cost));
  const [, ln, r] = SCRYPT_FORM.exec(text) ?? [];
  if (ln === undefined)
    throw new Error("expected a hash that begins with $argon2id$v=19$, $scrypt$ln= or $2b$, and is whole");
  if (128 * 2 ** Number(ln) * Number(r) > SCRYPT_MEMORY)
    throw new Error(`expected parameters of scrypt that need 64 MiB at most, found ln=${ln},r=${r}`);
  return SecretHash.parse(text);
}

function argon2(text: string, m: number, t: number, p: number, salt: number, hash: number): PasswordHash {
  const cost = `m=${m},t=${t},p=${p}`;
  if (m > ARGON2.memory || t > ARGON2.time || p > ARGON2.lanes || t < 1 || p < 1 || m < 8 * p)
    throw new Error(
      `expected parameters of argon2id up to m=${ARGON2.memory},t=${ARGON2.time},p=${ARGON2.lanes}, found ${cost}`,
    );
  return new Hash(
    `argon2id ${cost}`,
    () => argon2Decoy(m, t, p, salt, hash),
    (ticket) => verify(text, ticket),
  );
}

/** @param salt the bytes of the salt, and `hash` of the hash */
function argon2Decoy(m: number, t: number, p: number, salt: number, hash: number): PasswordHash {
  const text = `$argon2id$v=19$m=${m},t=${t},p=${p}$${base64(randomBytes(salt))}$${base64(randomBytes(hash))}`;
  return argon2(text, m, t, p, salt, hash);
}

/** @throws if it is not what `base64` gives */
function bytesIn(text: string): number {
  const bytes = Buffer.from(text, "base64");
  if (base64(bytes) !== text) throw new Error("expected a salt and a hash in base64 without =");
  return bytes.length;
}

/** Without padding, as the Password Hashing Competition's format has it. */
function base64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

function bcrypt(text: string, cost: number): PasswordHash {
  if (cost < BCRYPT.least || cost > BCRYPT.most)
    throw new Error(`expected bcrypt with a cost of ${BCRYPT.least} to ${BCRYPT.most}, found ${cost}`);
  // The package says false for $2y$, which is another name for $2b$.
  const known = text.replace(/^\$2y/, "$2b");
  return new Hash(
    `bcrypt ${cost}`,
    () =>
      bcrypt(
        `$2b$${String(cost).padStart(2, "0")}$${randomBytes(40).toString("hex").slice(0, 21)}O${randomBytes(16).toString("hex").slice(1)}`,
        cost,
      ),
    async (ticket) => (await compare(ticket, known)) && Buffer.byteLength(ticket) <= BCRYPT_BYTES,
  );
}

class Hash implements PasswordHash {
  readonly cost: string;
  readonly #decoy: () => PasswordHash;
  readonly #verify: (ticket: string) => Promise<boolean>;

  constructor(cost: string, decoy: () => PasswordHash, verify: (ticket: string) => Promise<boolean>) {
    this.cost = cost;
    this.#decoy = decoy;
    this.#verify = verify;
  }

  decoy(): PasswordHash {
    return this.#decoy();
  }

  fits(ticket: string, client: CheckedClient): Promise<boolean> {
    return whenItsTurn(client, () => this.#verify(ticket));
  }
}
