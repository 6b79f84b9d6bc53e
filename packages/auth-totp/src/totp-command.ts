import { defineCommand, UsageError } from "@wampgate/core";
import { Secret as Seed, TOTP } from "otpauth";
import { toString as qrCode } from "qrcode";

/** How long a seed should be in bytes: as the hash (RFC 4226, section 4; RFC 6238). */
const LENGTHS = new Map([
  ["sha1", 20],
  ["sha256", 32],
  ["sha512", 64],
]);

/** Makes a seed, and prints it for the config and for an app. */
export const totpCommand = defineCommand({
  name: "totp",
  description: "make a seed for the method totp: for the config, as a URI, and as a QR code for an app",
  arguments: [{ name: "authid", description: "whose it will be" }],
  flags: {
    issuer: { value: "text", description: "what the app shows beside the authid; default: wampgate" },
    algorithm: { value: "name", description: "sha1, sha256 or sha512; default: sha1, which all apps know" },
    digits: { value: "n", description: "6 or 8; default: 6" },
    period: { value: "seconds", description: "how long a code is shown; default: 30" },
  },
  async run({ args: [authid = ""], flags, print, note }) {
    const algorithm = flags.algorithm ?? "sha1";
    const size = LENGTHS.get(algorithm);
    if (size === undefined)
      throw new UsageError(`--algorithm must be one of ${[...LENGTHS.keys()].join(", ")}, found ${algorithm}`);
    const digits = numberOf("--digits", flags.digits ?? "6", (n) => n === 6 || n === 8, "6 or 8");
    const period = numberOf(
      "--period",
      flags.period ?? "30",
      (n) => n >= 15 && n <= 300,
      "a whole number from 15 to 300",
    );
    const issuer = flags.issuer ?? "wampgate";
    if (authid === "" || issuer === "") throw new UsageError("neither the authid nor --issuer may be empty");
    const secret = new Seed({ size });
    const uri = new TOTP({
      issuer,
      label: authid,
      secret,
      algorithm: algorithm.toUpperCase(),
      digits,
      period,
    }).toString();
    print(secret.base32);
    print(uri);
    // With colours of its own: cameras do not read a code that is light on dark.
    note(await qrCode(uri, { type: "terminal", small: true }));
    note(
      "The first line is the seed for the config; the app reads the second one, or the QR code. Keep all three secret.",
    );
  },
});

function numberOf(flag: string, text: string, isRight: (n: number) => boolean, expected: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && isRight(value)) return value;
  throw new UsageError(`${flag} must be ${expected}, found ${text}`);
}
