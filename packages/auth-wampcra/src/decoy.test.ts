import { decoySecret, type Models, modelsOf } from "./decoy.ts";
import { deriveKey } from "./secret.ts";

const salting = { salt: "salt123", iterations: 100, keylen: 16 };
const two = { joe: { secret: "a" }, ann: { secret: "b", ...salting } };
const strangers = Array.from({ length: 200 }, (_, i) => `x${i}`);

/** Users with secrets like those of `wampgate hash-wampcra`. */
function hashed(count: number): Record<string, { secret: string; salt: string; iterations: number; keylen: number }> {
  const entry = (i: number) => ({ secret: `secret ${i}`, salt: saltNumber(i), iterations: 1000, keylen: 32 });
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`user${i}`, entry(i)]));
}

function saltNumber(i: number): string {
  return Buffer.from(Array.from({ length: 16 }, (_, j) => (i * 37 + j * 101 + 251) % 256)).toString("base64");
}

const saltsOf = (models: Models): (string | undefined)[] =>
  strangers.map((name) => decoySecret(name, [models]).salting?.salt);

describe("a decoy", () => {
  it("is the same for an authid after a restart, and another for another authid", async () => {
    const blocks = [await modelsOf(two)];
    const again = [await modelsOf(two)];
    expect(decoySecret("nobody", blocks)).toEqual(decoySecret("nobody", again));
    expect(decoySecret("nobody", blocks).key).not.toBe(decoySecret("no other", blocks).key);
  });

  it("is the same in each version: what an upgrade changed would tell that no user is behind it", async () => {
    const blocks = [await modelsOf(hashed(3)), await modelsOf(two)];
    const salts = ["x1", "x2", null].map((name) => decoySecret(name, blocks).salting?.salt ?? null);
    expect(salts).toEqual([null, "itkr901", "uncw726"]);
  });

  it("takes its salting from the real users, with the same frequency over many authids", async () => {
    const blocks = [await modelsOf(two)];
    const salted = strangers.map((name) => decoySecret(name, blocks)).filter((decoy) => decoy.salting);
    expect(salted.length).toBeGreaterThan(60);
    expect(salted.length).toBeLessThan(140);
    for (const decoy of salted) expect(decoy.salting).toMatchObject({ iterations: 100, keylen: 16 });
    expect(new Set(salted.map((decoy) => decoy.salting?.salt)).size).toBe(salted.length);
    for (const decoy of salted) expect(decoy.salting?.salt).toMatch(/^[a-z]{4}\d{3}$/);
  });

  it("depends on the users' secrets, so that an outsider cannot compute it", async () => {
    const [one, other] = [[await modelsOf({ joe: { secret: "a" } })], [await modelsOf({ joe: { secret: "b" } })]];
    expect(decoySecret("nobody", one).key).not.toBe(decoySecret("nobody", other).key);
  });

  it("works for several blocks together, and for none", async () => {
    const one = await modelsOf({ joe: { secret: "a" } });
    const blocks = [one, await modelsOf({}), await modelsOf({ joe: { secret: "b" } })];
    expect(decoySecret(null, blocks).salting).toBeNull();
    expect(decoySecret(null, []).key).toMatch(/./);
  });

  it("has the role of the user that it imitates, else the default-role of that user's own block", async () => {
    const blocks = [
      await modelsOf({ joe: { secret: "a", role: "boss" }, ann: { secret: "c", role: "" } }),
      await modelsOf({ pia: { secret: "b" } }),
    ];
    const roles = (defaults: (string | null)[]): Set<string | null> =>
      new Set(strangers.map((name) => decoySecret(name, blocks, defaults).role));
    expect(roles(["user", "guest"])).toEqual(new Set(["boss", "user", "guest"]));
    expect(roles(["user", null])).toEqual(new Set(["boss", "user", null]));
    expect(roles([null, null])).toEqual(new Set(["boss", null]));
  });

  it("mostly stays as it is if one of many users is added, changed or removed", async () => {
    const users = hashed(40);
    const before = saltsOf(await modelsOf(users));
    let kept = 0;
    for (let i = 0; i < 20; i++) {
      const changes: Record<string, Partial<(typeof users)[string]> | undefined>[] = [
        { [`user${i}`]: { ...users[`user${i}`], secret: `changed ${i}` } },
        { [`more${i}`]: { ...users["user0"], secret: `more ${i}`, salt: saltNumber(100 + i) } },
        { [`user${i}`]: undefined },
      ];
      const next = Object.entries({ ...users, ...changes[i % 3] }).filter(([, user]) => user !== undefined);
      const after = saltsOf(await modelsOf(Object.fromEntries(next) as typeof users));
      if (JSON.stringify(after) === JSON.stringify(before)) kept++;
    }
    expect(kept).toBeGreaterThanOrEqual(15);
  });
});

describe("deriveKey", () => {
  it("derives what autobahn derives", async () => {
    await expect(deriveKey("secret1", salting)).resolves.toBe("prq7+YkJ1/KlW1X0YczMHw==");
    await expect(deriveKey("secret123", salting)).resolves.toBe("DpHHRlQ6UNULJlP9J8WkPw==");
  });
});
