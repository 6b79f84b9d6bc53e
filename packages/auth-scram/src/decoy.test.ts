import { decoyOf, type Models, modelsOf } from "./decoy.ts";
import { credentialSchema, type ScramFields } from "./credential.ts";

function principal(i: number, more: Partial<ScramFields> = {}): ScramFields {
  const bytes = (n: number, from: number): string =>
    Buffer.from(Array.from({ length: n }, (_, j) => i * 37 + j * 11 + from)).toString("hex");
  return {
    kdf: "argon2id-13",
    iterations: 3,
    memory: 512,
    salt: bytes(16, 1),
    "stored-key": bytes(32, 2),
    "server-key": bytes(32, 3),
    ...more,
  };
}

const strangers = Array.from({ length: 200 }, (_, i) => `x${i}`);
const shown = ({ kdf, iterations, memory, salt }: ScramFields): string =>
  JSON.stringify([kdf, iterations, memory, salt.length]);
const decoysOf = (...blocks: Models[]): ScramFields[] => strangers.map((name) => decoyOf(name, blocks).fields);

describe("a decoy", () => {
  it("is the same for an authid after a restart, and another for another authid", async () => {
    const [one, again] = [await modelsOf([principal(1), principal(2)]), await modelsOf([principal(1), principal(2)])];
    expect(decoysOf(one)).toEqual(decoysOf(again));
    expect(new Set(decoysOf(one).map(({ salt }) => salt)).size).toBe(strangers.length);
    expect(decoyOf(null, [one])).toEqual(decoyOf("", [one]));
  });

  it("is the same in each version: what an upgrade changed would tell that no principal is behind it", async () => {
    const blocks = [await modelsOf([principal(1), principal(2)]), await modelsOf([principal(3, { iterations: 9 })])];
    const salts = ["joe", "ann", null].map((name) => decoyOf(name, blocks).fields.salt);
    expect(salts).toEqual([
      "fbe1685253c9895a32c758c71b622d6b",
      "d67c6411a36a0d88ab98890ee13b4b9f",
      "cfeea968426b47f5a8389b3f023908c5",
    ]);
  });

  it("shows the parameters of real principals, each as often as there are some with them, in several blocks, too", async () => {
    const weak: Partial<ScramFields> = { kdf: "pbkdf2", iterations: 4096, memory: undefined, salt: "0011223344556677" };
    const blocks = [await modelsOf([principal(1), principal(2)]), await modelsOf([principal(3, weak)])];
    const counts = new Map<string, number>();
    for (const decoy of decoysOf(...blocks)) counts.set(shown(decoy), (counts.get(shown(decoy)) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual([shown(principal(1)), shown(principal(3, weak))].sort());
    expect(counts.get(shown(principal(3, weak)))).toBeGreaterThan(40);
    expect(counts.get(shown(principal(3, weak)))).toBeLessThan(95);
  });

  it("depends on the principals' keys, so that an outsider cannot compute it", async () => {
    const key = "ff".repeat(32);
    const blocks = [{}, { "stored-key": key }, { "server-key": key }].map((own) => modelsOf([principal(1, own)]));
    const salts = (await Promise.all(blocks)).map((block) => decoyOf("joe", [block]).fields.salt);
    expect(new Set(salts).size).toBe(3);
  });

  it("mostly stays as it is if one of many principals is added, changed or removed", async () => {
    const all = Array.from({ length: 40 }, (_, i) => principal(i));
    const before = decoysOf(await modelsOf(all)).map(({ salt }) => salt);
    let kept = 0;
    for (let i = 0; i < 20; i++) {
      const next = all.map((own, j) => (i === j ? principal(100 + i) : own));
      const after = decoysOf(await modelsOf(next)).map(({ salt }) => salt);
      if (JSON.stringify(after) === JSON.stringify(before)) kept++;
    }
    expect(kept).toBeGreaterThanOrEqual(15);
  });

  it("has the salt that all principals share, if they do", async () => {
    const block = await modelsOf([principal(1), principal(2, { salt: principal(1).salt.toUpperCase() })]);
    expect(new Set(decoysOf(block).map(({ salt }) => salt))).toEqual(new Set([principal(1).salt]));
  });

  it("has the further factor of the principal that it imitates, else that of its block", async () => {
    const weak: Partial<ScramFields> = { kdf: "pbkdf2", iterations: 4096 };
    const blocks = [
      await modelsOf([{ ...principal(1), then: "totp" }, principal(2, weak)]),
      await modelsOf([principal(3, { iterations: 9 })]),
    ];
    const seen = (thens: (string | null)[]): Set<string> =>
      new Set(
        strangers.map((name) => {
          const { fields, then } = decoyOf(name, blocks, thens);
          return `${fields.kdf} ${fields.iterations} ${then}`;
        }),
      );
    expect(seen([null, null])).toEqual(new Set(["argon2id-13 3 totp", "pbkdf2 4096 null", "argon2id-13 9 null"]));
    expect(seen(["ticket", null])).toEqual(new Set(["argon2id-13 3 totp", "pbkdf2 4096 ticket", "argon2id-13 9 null"]));
    expect(decoyOf("joe", []).then).toBeNull();
  });

  it("is as good a credential as any, also where there is no principal", async () => {
    for (const blocks of [[], [await modelsOf([])], [await modelsOf([principal(1, { salt: "ab".repeat(64) })])]])
      for (const decoy of decoysOf(...blocks)) expect(credentialSchema.safeParse(decoy).success).toBe(true);
  });
});
