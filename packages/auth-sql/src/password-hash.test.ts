import { inspect } from "node:util";
import { hash as argon2 } from "@node-rs/argon2";
import { hash as bcrypt } from "bcrypt";
import { hashSecret } from "@wampgate/core";
import { parseHash, usualDecoy } from "./password-hash.ts";

const client = { transport: { peer: "tcp4:192.0.2.1:17185" }, signal: new AbortController().signal };
const CHEAP = { memoryCost: 64, timeCost: 1, parallelism: 1 };

const of = {
  argon2id: await argon2("secret", CHEAP),
  scrypt: await hashSecret("secret"),
  $2b$: await bcrypt("secret", 4),
  $2a$: (await bcrypt("secret", 4)).replace("$2b$", "$2a$"),
  $2y$: (await bcrypt("secret", 4)).replace("$2b$", "$2y$"),
};

it.each(Object.entries(of))(
  "a ticket fits its hash of %s and no other, and a decoy costs the same and fits nothing",
  async (_, text) => {
    const hash = parseHash(text);
    expect(await hash.fits("secret", client)).toBe(true);
    for (const other of ["Secret", "", "secret\0x", "é".repeat(100)])
      expect(await hash.fits(other, client)).toBe(false);
    const decoy = hash.decoy();
    expect(decoy.cost).toBe(hash.cost);
    expect(decoy.decoy().cost).toBe(hash.cost);
    expect(await decoy.fits("secret", client)).toBe(false);
    expect(inspect(hash, { depth: 9, showHidden: true })).not.toContain(text.slice(-10));
  },
);

it("bcrypt reads 72 bytes: a longer ticket is denied, also one of fewer characters", async () => {
  const hash = parseHash(await bcrypt("é".repeat(36), 4));
  expect(await hash.fits("é".repeat(36), client)).toBe(true);
  expect(await hash.fits("é".repeat(37), client)).toBe(false);
  expect(await hash.fits(`${"é".repeat(36)}x`, client)).toBe(false);
});

it("a first decoy costs what argon2id is recommended with", async () => {
  expect(usualDecoy().cost).toBe("argon2id m=19456,t=2,p=1");
  expect(await usualDecoy().fits("", client)).toBe(false);
});

const [SALT, HASH] = ["c2FsdHNhbHRzYWx0c2FsdA", "aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"];
it.each([
  ["m=65537,t=2,p=1", "up to m=65536,t=10,p=4"],
  ["m=2097152,t=1,p=1", "up to m=65536,t=10,p=4"],
  ["m=64,t=11,p=1", "up to m=65536,t=10,p=4"],
  ["m=64,t=1,p=5", "up to m=65536,t=10,p=4"],
  ["m=64,t=0,p=1", "up to m=65536,t=10,p=4"],
  ["m=8,t=1,p=2", "up to m=65536,t=10,p=4"],
])("a hash of argon2id with %s is not computed", (parameters, why) => {
  expect(() => parseHash(`$argon2id$v=19$${parameters}$${SALT}$${HASH}`)).toThrow(why);
});

it.each([
  ["", "expected a hash that begins with"],
  ["secret", "expected a hash that begins with"],
  [`$argon2i$v=19$m=64,t=1,p=1$${SALT}$${HASH}`, "expected a hash that begins with"],
  [`$argon2id$v=16$m=64,t=1,p=1$${SALT}$${HASH}`, "expected a hash that begins with"],
  [`$argon2id$v=19$m=64,t=1,p=1$${SALT}`, "expected a hash that begins with"],
  [`$argon2id$v=19$m=64,t=1,p=1$${SALT.slice(0, -1)}B$${HASH}`, "base64 without ="],
  [`${of["$2b$"]}x`, "expected a hash that begins with"],
  [of["$2b$"].replace("$04$", "$15$"), "a cost of 4 to 14, found 15"],
  [of["$2b$"].replace("$04$", "$03$"), "a cost of 4 to 14, found 3"],
  [of.scrypt.replace("ln=15", "ln=17"), "64 MiB at most, found ln=17,r=8"],
  [of.scrypt.replace("ln=15", "ln=4"), "expected ln=12 or more"],
  [of.scrypt.slice(0, 40), "expected $scrypt$ln=15,r=8,p=1$salt$hash"],
])("%s is no hash, and the message does not hold it", (text, why) => {
  expect(() => parseHash(text)).toThrow(why);
  if (text.length > 30) expect(() => parseHash(text)).not.toThrow(text.slice(-12));
});
