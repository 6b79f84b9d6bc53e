import { UsageError } from "@wampgate/core";
import { deriveKeys } from "./derive.ts";
import { CROSSBAR, SPEC } from "./dialect.ts";
import { hashScram } from "./hash-command.ts";

const SALT = "5b6d99689d12358eeca04b141236fa81";

/** Runs the command for the password `pencil`, or another one. */
async function run(flags: Readonly<Record<string, string>> = {}, password = "pencil") {
  const [printed, noted]: [string[], string[]] = [[], []];
  await hashScram.run({
    args: [],
    flags: flags as never,
    print: (text) => void printed.push(text),
    note: (text) => void noted.push(text),
    readSecret: () => Promise.resolve(password),
  });
  return { principal: JSON.parse(printed.join("\n")) as Record<string, unknown>, noted: noted.join("\n") };
}

it.each([
  [
    "for Crossbar.io",
    { iterations: "3", memory: "512" },
    {
      kdf: "argon2id-13",
      iterations: 3,
      memory: 512,
      salt: SALT,
      "stored-key": "911f34dea35ab63e788c5bc62b6d8930ccd7a88a1942dfaa37104959d29521ce",
      "server-key": "f0fb8e59e52c7e941b16dd977094e8a64b9e7c13f77a9b813ef3395694c8b950",
    },
  ],
  [
    "for the specification",
    { for: "spec", kdf: "argon2id13", iterations: "3", memory: "512" },
    {
      kdf: "argon2id13",
      iterations: 3,
      memory: 512,
      salt: SALT,
      "stored-key": "3bc21f4abc459af820cae73661d385892023ab346f8d65f1263693cd67f60994",
      "server-key": "443cb771b3b4bd25c47b831811d241265bbebdc3494b5b7fe4cf277cc6d9e61d",
    },
  ],
  [
    "by pbkdf2",
    { for: "spec", kdf: "pbkdf2", iterations: "4096" },
    {
      kdf: "pbkdf2",
      iterations: 4096,
      salt: SALT,
      "stored-key": "586e5df283e6dceb5c3e791d8b8528ec191e664045ce971792e2e6b5bb13e2a6",
      "server-key": "c1f3cbc1c13a9d35a14c0990eed97629ea225863e566a4314ab99f3f00e5d9d5",
    },
  ],
])("hash-scram derives from a password what a principal needs, %s", async (_what, flags, expected) => {
  const { principal } = await run({ ...flags, salt: SALT });
  expect(principal).toEqual(expected);
});

it("by default it takes what OWASP recommends, with a random salt, and notes for which method that is", async () => {
  const [one, other] = [await run(), await run()];
  const { salt } = one.principal as { salt: string };
  const keys = await deriveKeys(CROSSBAR, "pencil", Buffer.from(salt, "hex"), {
    name: "argon2id",
    iterations: 2,
    memory: 19_456,
  });
  expect(one.principal).toEqual({
    kdf: "argon2id-13",
    iterations: 2,
    memory: 19_456,
    salt,
    "stored-key": keys.storedKey.toString("hex"),
    "server-key": keys.serverKey.toString("hex"),
  });
  expect(salt).toMatch(/^[\da-f]{32}$/);
  expect(other.principal["salt"]).not.toBe(salt);
  expect(one.noted).toMatch(/method scram: .* took \d+ ms/s);
  expect(one.noted).not.toContain("pencil");
});

it("pbkdf2 has 600,000 iterations by default", async () => {
  const { principal, noted } = await run({ kdf: "pbkdf2", for: "spec" });
  expect(principal).toMatchObject({ kdf: "pbkdf2", iterations: 600_000 });
  expect(noted).toContain("method wamp-scram:");
});

it("the specification's password is prepared by SASLprep, Crossbar's is not", async () => {
  const flags = { kdf: "pbkdf2", iterations: "4096", salt: SALT };
  const [plain, hidden] = ["I", "I\u00ad"];
  expect((await run({ ...flags, for: "spec" }, hidden)).principal).toEqual(
    (await run({ ...flags, for: "spec" }, plain)).principal,
  );
  expect((await run(flags, hidden)).principal).not.toEqual((await run(flags, plain)).principal);
  const keys = await deriveKeys(SPEC, "I", Buffer.from(SALT, "hex"), { name: "pbkdf2", iterations: 4096 });
  expect((await run(flags, plain)).principal).toMatchObject({ "stored-key": keys.storedKey.toString("hex") });
});

it.each<[Record<string, string>, RegExp]>([
  [{ for: "everybody" }, /^--for must be crossbar or spec, found everybody$/],
  [{ kdf: "argon2" }, /^--kdf: .*"argon2id-13"/],
  [{ iterations: "0" }, /^--iterations: /],
  [{ iterations: "three" }, /^--iterations: /],
  [{ iterations: "10001" }, /^--iterations: expected at most 10000 iterations/],
  [{ iterations: "1000", memory: "1000000" }, /^--iterations: iterations times memory/],
  [{ memory: "7" }, /^--memory: /],
  [{ kdf: "pbkdf2", memory: "512" }, /^--memory is for argon2id-13/],
  [{ salt: "salt123" }, /^--salt: expected 16 to 128 hex digits$/],
])("wrong flags are wrong use: %j", async (flags, expected) => {
  const error: unknown = await run(flags).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  expect((error as Error).message).toMatch(expected);
});

it("a password that SASLprep does not allow is wrong use, and is not shown", async () => {
  const error: unknown = await run({ for: "spec" }, "tab\tulator").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  expect((error as Error).message).toMatch(/SASLprep .* does not allow this password/);
  expect((error as Error).message).not.toContain("ulator");
});
