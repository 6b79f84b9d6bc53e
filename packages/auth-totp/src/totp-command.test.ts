import { UsageError } from "@wampgate/core";
import { URI } from "otpauth";
import { CodeCheck } from "./code-check.ts";
import { options } from "./settings.ts";
import { totpCommand } from "./totp-command.ts";

async function run(
  args: string[],
  flags: Record<string, string> = {},
): Promise<{ printed: string[]; noted: string[] }> {
  const [printed, noted]: string[][] = [[], []];
  await totpCommand.run({
    args,
    flags: flags as never,
    print: (text) => void printed?.push(text),
    note: (text) => void noted?.push(text),
    readSecret: () => Promise.reject(new Error("asked for a secret")),
  });
  return { printed: printed ?? [], noted: noted ?? [] };
}

it("prints a seed for the config, a URI with the same seed, and its QR code", async () => {
  const { printed, noted } = await run(["joe"]);
  const [seed = "", uri = ""] = printed;
  expect(seed).toMatch(/^[A-Z2-7]{32}$/);
  expect(uri).toBe(`otpauth://totp/wampgate:joe?issuer=wampgate&secret=${seed}&algorithm=SHA1&digits=6&period=30`);
  expect(noted[0]).toMatch(/▄/);
  // An app that reads it shows the codes that the method takes.
  expect(new CodeCheck(seed, options.parse({})).stepOf(URI.parse(uri).generate({ timestamp: 59_000 }), 59_000)).toBe(1);
  expect((await run(["joe"])).printed[0]).not.toBe(seed);
});

it.each([
  ["sha1", 32],
  ["sha256", 52],
  ["sha512", 103],
])("with %s a seed is as long as its hash", async (algorithm, letters) => {
  const { printed } = await run(["ann@example.com"], { algorithm, digits: "8", period: "60", issuer: "Example Inc" });
  expect(printed[0]).toHaveLength(letters);
  const { searchParams, pathname } = new URL(printed[1] ?? "");
  expect(decodeURIComponent(pathname)).toMatch(/Example Inc:ann@example\.com$/);
  expect(Object.fromEntries(searchParams)).toMatchObject({
    issuer: "Example Inc",
    algorithm: algorithm.toUpperCase(),
    digits: "8",
    period: "60",
  });
});

it.each<[string, string[], Record<string, string>]>([
  ["--algorithm must be one of sha1, sha256, sha512, found md5", ["joe"], { algorithm: "md5" }],
  ["--digits must be 6 or 8, found 7", ["joe"], { digits: "7" }],
  ["--period must be a whole number from 15 to 300, found 1.5", ["joe"], { period: "1.5" }],
  ["neither the authid nor --issuer may be empty", [""], {}],
  ["neither the authid nor --issuer may be empty", ["joe"], { issuer: "" }],
])("%s", async (message, args, flags) => {
  await expect(run(args, flags)).rejects.toThrow(new UsageError(message));
});
