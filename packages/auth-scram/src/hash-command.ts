import { randomBytes } from "node:crypto";
import { defineCommand, UsageError } from "@wampgate/core";
import { credentialSchema } from "./credential.ts";
import { deriveKeys } from "./derive.ts";
import { CROSSBAR, type Dialect, SPEC } from "./dialect.ts";

/** What OWASP recommends for passwords. */
const USUAL = { argon2id: { iterations: 2, memory: 19_456 }, pbkdf2: { iterations: 600_000 } };

const DIALECTS: ReadonlyMap<string, Dialect> = new Map([
  ["crossbar", CROSSBAR],
  ["spec", SPEC],
]);

/** Prints what a principal has in the config: what the router must know of its password. */
export const hashScram = defineCommand({
  name: "hash-scram",
  description: "derive from a password what a principal needs; it is typed, or read from stdin",
  flags: {
    kdf: { value: "name", description: "argon2id-13 or pbkdf2; default: argon2id-13" },
    for: {
      value: "clients",
      description: "crossbar, for the method scram, or spec, for wamp-scram; default: crossbar",
    },
    iterations: {
      value: "n",
      description: `default: ${USUAL.argon2id.iterations}, or ${USUAL.pbkdf2.iterations} of pbkdf2`,
    },
    memory: { value: "KiB", description: `for argon2id-13; default: ${USUAL.argon2id.memory}` },
    salt: { value: "hex", description: "8 to 64 bytes; default: 16 random ones" },
  },
  async run({ flags, readSecret, print, note }) {
    const dialect = DIALECTS.get(flags.for ?? "crossbar");
    if (dialect === undefined) throw new UsageError(`--for must be crossbar or spec, found ${flags.for}`);
    const shown = shownFields(flags);
    const { kdf, salt } = checked(shown);
    const password = await readSecret("Password");
    const began = performance.now();
    const { storedKey, serverKey } = await derived(dialect, password, salt, kdf);
    const ms = Math.round(performance.now() - began);
    const keys = { "stored-key": storedKey.toString("hex"), "server-key": serverKey.toString("hex") };
    print(JSON.stringify({ ...shown, ...keys }, null, 2));
    note(
      `This is for a block of the method ${dialect.method}: the other one derives other keys. Each login makes the client\n` +
        `derive them again, which took ${ms} ms here.`,
    );
  },
});

interface Flags {
  readonly kdf: string | undefined;
  readonly iterations: string | undefined;
  readonly memory: string | undefined;
  readonly salt: string | undefined;
}

/** What a challenge shows, as the config has it. */
function shownFields({ kdf = "argon2id-13", iterations, memory, salt = randomBytes(16).toString("hex") }: Flags) {
  if (kdf !== "pbkdf2") {
    const { argon2id } = USUAL;
    const own = { iterations: Number(iterations ?? argon2id.iterations), memory: Number(memory ?? argon2id.memory) };
    return { kdf, ...own, salt };
  }
  if (memory !== undefined) throw new UsageError("--memory is for argon2id-13: pbkdf2 needs none");
  return { kdf, iterations: Number(iterations ?? USUAL.pbkdf2.iterations), salt };
}

/** The limits are those of a config. @throws UsageError */
function checked(fields: object) {
  const none = "00".repeat(32);
  const result = credentialSchema.safeParse({ ...fields, "stored-key": none, "server-key": none });
  if (result.success) return result.data;
  throw new UsageError(result.error.issues.map(({ path, message }) => `--${path.join(".")}: ${message}`).join("\n"));
}

async function derived(...[dialect, password, salt, kdf]: Parameters<typeof deriveKeys>) {
  try {
    return await deriveKeys(dialect, password, salt, kdf);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
