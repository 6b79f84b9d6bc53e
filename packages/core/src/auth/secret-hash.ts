import { randomBytes, scrypt } from "node:crypto";
import { constantTimeEqual } from "../wamp/compare.ts";
import { type CheckedClient, whenItsTurn } from "./hash-turns.ts";

/** What a hash costs: scrypt's N is 2 to the power of `ln`. */
interface Cost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** For new hashes: 32 MiB, and about a tenth of a second. */
const USUAL: Cost = { ln: 15, r: 8, p: 1 };

// A config must not make a login cost seconds, or all memory. N = 2^17, r = 8 is the most that OWASP recommends.
const MIN_LN = 12;
const MAX_R = 32;
const MAX_P = 16;
const MAX_MEMORY = 128 * 1024 * 1024;
const MAX_WORK = 2 ** 20;

const SALT_BYTES = { usual: 16, least: 8, most: 64 };
const HASH_BYTES = { usual: 32, least: 16, most: 64 };

const FORM = /^\$scrypt\$ln=(\d{1,3}),r=(\d{1,3}),p=(\d{1,3})\$([\w+/]+)\$([\w+/]+)$/;

/**
 * A secret as a hash that a config may hold, `$scrypt$ln=15,r=8,p=1$salt$hash`: the secret cannot be read from it. Prints
 * do not show it.
 *
 * @example
 * const hash = SecretHash.parse(await hashSecret("a ticket"));
 * await hash.fits("a ticket", attempt) // true
 */
export class SecretHash {
  /** Two hashes of equal cost take the same time: `ln=15,r=8,p=1`. */
  readonly cost: string;
  readonly #cost: Cost;
  readonly #salt: Buffer;
  readonly #hash: Buffer;

  private constructor(cost: Cost, salt: Buffer, hash: Buffer) {
    this.cost = costText(cost);
    this.#cost = cost;
    this.#salt = salt;
    this.#hash = hash;
  }

  /** Reads what `hashSecret` made. @throws if it is no hash, or costs too much: a sentence without the text */
  static parse(text: string): SecretHash {
    const [, ln, r, p, salt, hash] = FORM.exec(text) ?? [];
    if (salt === undefined || hash === undefined)
      throw new Error("expected $scrypt$ln=15,r=8,p=1$salt$hash, as `hashSecret` makes it");
    const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
    const problem = costProblem(cost);
    if (problem !== null) throw new Error(problem);
    return new SecretHash(cost, bytesOf("salt", salt, SALT_BYTES), bytesOf("hash", hash, HASH_BYTES));
  }

  /** A hash of the same cost that no secret fits: for decoys. */
  decoy(): SecretHash {
    return new SecretHash(this.#cost, randomBytes(SALT_BYTES.usual), randomBytes(HASH_BYTES.usual));
  }

  /**
   * Whether this is the secret. It runs off the event loop, two at once in the whole process; clients of different
   * addresses take turns.
   *
   * @throws LimitError if too many checks wait already; what the signal says, when the client's signal fires before it is its turn
   */
  async fits(secret: string, client: CheckedClient): Promise<boolean> {
    const derive = (): Promise<Buffer> => derived(secret, this.#salt, this.#cost, this.#hash.length);
    const found = await whenItsTurn(client, derive);
    return constantTimeEqual(textOf(this.#hash), textOf(found));
  }
}

/** Makes a hash of a secret, with a salt of its own. */
export async function hashSecret(secret: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES.usual);
  const hash = await derived(secret, salt, USUAL, HASH_BYTES.usual);
  return `$scrypt$${costText(USUAL)}$${textOf(salt)}$${textOf(hash)}`;
}

function derived(secret: string, salt: Buffer, { ln, r, p }: Cost, length: number): Promise<Buffer> {
  const N = 2 ** ln;
  return new Promise((resolve, reject) => {
    // OpenSSL needs a little more than the algorithm: for the blocks of `p`, and for itself.
    scrypt(secret, salt, length, { N, r, p, maxmem: 2 * memoryOf({ ln, r, p }) }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

function costProblem(cost: Cost): string | null {
  const { ln, r, p } = cost;
  if (ln < MIN_LN || r < 1 || r > MAX_R || p < 1 || p > MAX_P)
    return `expected ln=${MIN_LN} or more, r=1 to r=${MAX_R} and p=1 to p=${MAX_P}, found ${costText(cost)}`;
  if (memoryOf(cost) > MAX_MEMORY)
    return `expected parameters of scrypt that need 128 MiB at most (ln=17,r=8), found ${costText(cost)}`;
  if (2 ** ln * r * p > MAX_WORK)
    return `expected parameters of scrypt with less work (ln=17,r=8,p=1 or ln=15,r=8,p=4 at most), found ${costText(cost)}`;
  // RFC 7914 section 2: N is less than 2^(128 * r / 8).
  if (ln >= 16 * r) return `expected r=2 or more with ln=${ln}, found ${costText(cost)}`;
  return null;
}

function memoryOf({ ln, r }: Cost): number {
  return 128 * 2 ** ln * r;
}

function costText({ ln, r, p }: Cost): string {
  return `ln=${ln},r=${r},p=${p}`;
}

function bytesOf(what: string, text: string, { least, most }: { least: number; most: number }): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length >= least && bytes.length <= most && textOf(bytes) === text) return bytes;
  throw new Error(`expected a ${what} of ${least} to ${most} bytes in base64 without =`);
}

/** Base64 without padding, as the Password Hashing Competition's format has it. */
function textOf(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
