import { decoySecret, modelsOf } from "./decoy.ts";
import { deriveKey } from "./secret.ts";

const salting = { salt: "salt123", iterations: 100, keylen: 16 };

describe("a decoy", () => {
  it("is the same for an authid after a restart, and another for another authid", async () => {
    const blocks = [await modelsOf([{ secret: "a" }, { secret: "b", ...salting }])];
    const again = [await modelsOf([{ secret: "a" }, { secret: "b", ...salting }])];
    expect(decoySecret("nobody", blocks)).toEqual(decoySecret("nobody", again));
    expect(decoySecret("nobody", blocks).key).not.toBe(decoySecret("no other", blocks).key);
  });

  it("takes its salting from the real users: over many authids as often as they have it", async () => {
    const blocks = [await modelsOf([{ secret: "a" }, { secret: "b", ...salting }])];
    const salted = Array.from({ length: 200 }, (_, i) => decoySecret(`x${i}`, blocks)).filter((decoy) => decoy.salting);
    expect(salted.length).toBeGreaterThan(60);
    expect(salted.length).toBeLessThan(140);
    for (const decoy of salted) expect(decoy.salting).toMatchObject({ iterations: 100, keylen: 16 });
    expect(new Set(salted.map((decoy) => decoy.salting?.salt)).size).toBe(salted.length);
    for (const decoy of salted) expect(decoy.salting?.salt).toHaveLength(salting.salt.length);
  });

  it("depends on the users' secrets, so that nobody outside can make it", async () => {
    const [one, other] = [[await modelsOf([{ secret: "a" }])], [await modelsOf([{ secret: "b" }])]];
    expect(decoySecret("nobody", one).key).not.toBe(decoySecret("nobody", other).key);
  });

  it("stands for several blocks together, and for none", async () => {
    const blocks = [await modelsOf([{ secret: "a" }]), await modelsOf([]), await modelsOf([{ secret: "b" }])];
    expect(decoySecret(null, blocks).salting).toBeNull();
    expect(decoySecret(null, []).key).toMatch(/./);
  });
});

describe("deriveKey", () => {
  it("derives what autobahn derives", async () => {
    await expect(deriveKey("secret1", salting)).resolves.toBe("prq7+YkJ1/KlW1X0YczMHw==");
    await expect(deriveKey("secret123", salting)).resolves.toBe("DpHHRlQ6UNULJlP9J8WkPw==");
  });
});
