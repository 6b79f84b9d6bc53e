import { decoyFor, decoyKey } from "./decoys.ts";

const strangers = Array.from({ length: 300 }, (_, i) => `x${i}`);

it("a key is the same for the same secrets in any order, and mostly stays when one of many changes", async () => {
  const secrets = Array.from({ length: 30 }, (_, i) => `secret ${i}`);
  const key = await decoyKey(secrets);
  expect(await decoyKey([...secrets].reverse())).toBe(key);
  expect(await decoyKey([...secrets, "secret 0"])).toBe(key);
  const changed = await Promise.all(secrets.map((one) => decoyKey(secrets.filter((other) => other !== one))));
  expect(changed.filter((other) => other !== key)).toHaveLength(3);
});

it("an authid always looks like the same principal of all blocks, each as often as the others", () => {
  const blocks = [
    { key: "a", models: ["one"] },
    { key: "b", models: [] },
    { key: "c", models: ["two", "three"] },
  ];
  const chosen = strangers.map((name) => decoyFor(name, blocks));
  expect(strangers.map((name) => decoyFor(name, blocks))).toEqual(chosen);
  for (const [model, block] of [
    ["one", 0],
    ["two", 2],
    ["three", 2],
  ] as const) {
    const own = chosen.filter((choice) => choice.model === model);
    expect(own.length).toBeGreaterThan(70);
    expect(own.length).toBeLessThan(130);
    expect(new Set(own.map((choice) => choice.block))).toEqual(new Set([block]));
  }
  expect(new Set(chosen.map(({ seed }) => seed.toString("hex", 4))).size).toBe(strangers.length);
});

it("which one depends on the keys, and there is a seed also without a principal", () => {
  const seeds = ["a", "b"].map((key) => decoyFor("joe", [{ key, models: ["one"] }]).seed.toString("hex"));
  expect(new Set(seeds).size).toBe(2);
  expect(decoyFor("joe", [])).toMatchObject({ model: undefined, block: 0 });
  expect(decoyFor(null, [{ key: "a", models: [] }]).seed).toHaveLength(64);
  expect(decoyFor(null, [])).toEqual(decoyFor("", []));
});
