import { UsageError } from "@wampgate/core";
import { hashPassword } from "./hash-command.ts";
import { deriveKey } from "./secret.ts";

/** Runs the command for the password `secret1`. */
async function run(flags: Readonly<Record<string, string>> = {}) {
  const [printed, noted]: [string[], string[]] = [[], []];
  await hashPassword.run({
    args: [],
    flags: flags as never,
    print: (text) => void printed.push(text),
    note: (text) => void noted.push(text),
    readSecret: () => Promise.resolve("secret1"),
  });
  return { user: JSON.parse(printed.join("\n")) as Record<string, unknown>, noted: noted.join("\n") };
}

it("hash-wampcra derives from a password what a user needs", async () => {
  const { user } = await run({ salt: "salt123", iterations: "100", keylen: "16" });
  expect(user).toEqual({ secret: "prq7+YkJ1/KlW1X0YczMHw==", salt: "salt123", iterations: 100, keylen: 16 });
});

it("it makes 10000 rounds with a random salt by default, and notes what 600,000 would cost", async () => {
  const [one, other] = [await run(), await run()];
  const { salt } = one.user as { salt: string };
  const secret = await deriveKey("secret1", { salt, iterations: 10_000, keylen: 32 });
  expect(one.user).toEqual({ secret, salt, iterations: 10_000, keylen: 32 });
  expect(other.user["salt"]).not.toBe(salt);
  expect(one.noted).toMatch(/600,000 rounds took \d+ ms .* JavaScript/s);
  expect(one.noted).not.toContain("secret1");
});

it.each([
  [{ iterations: "0" }, "--iterations must be a whole number from 1 to 1000000, found 0"],
  [{ keylen: "x" }, "--keylen must be a whole number from 1 to 1024, found x"],
  [{ salt: "" }, "--salt must not be empty"],
])("wrong flags are wrong use: %j", async (flags, expected) => {
  await expect(run(flags as Record<string, string>)).rejects.toThrow(new UsageError(expected));
});
