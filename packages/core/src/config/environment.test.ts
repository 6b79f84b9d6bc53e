import fc from "fast-check";
import { expandEnvironment } from "./environment.ts";
import { Issues } from "./issues.ts";

function expand(raw: unknown, environment: Record<string, string> = {}) {
  const issues = new Issues();
  return { ...expandEnvironment(raw, environment, issues), issues: issues.found };
}

describe("${NAME}", () => {
  it("is replaced in every string, as the whole text or a part of it", () => {
    const raw = { a: "${X}", list: ["pre-${X}-${Y}", { deep: "${Y}" }], number: 5 };
    const { value, issues } = expand(raw, { X: "1", Y: "two" });
    expect(value).toEqual({ a: "1", list: ["pre-1-two", { deep: "two" }], number: 5 });
    expect(issues).toEqual([]);
  });

  it("stays as it is if written as $${", () => {
    expect(expand({ a: "$${X} ${X}" }, { X: "1" }).value).toEqual({ a: "${X} 1" });
  });

  it("that is not set is a problem that names the place and the variable", () => {
    const { issues } = expand({ a: { b: ["${NOT_SET}"] } });
    expect(issues).toEqual([{ path: ["a", "b", 0], message: expect.stringContaining("NOT_SET is not set") as string }]);
  });

  it("that is empty is empty, and not a problem", () => {
    expect(expand(["${X}"], { X: "" })).toMatchObject({ value: [""], issues: [] });
  });

  it("is not expanded in values of the environment", () => {
    expect(expand(["${X}"], { X: "${Y}" })).toMatchObject({ value: ["${Y}"], issues: [] });
  });

  it("leaves keys alone", () => {
    expect(expand({ "${X}": 1 }, { X: "x" }).value).toEqual({ "${X}": 1 });
  });
});

it("a key __proto__ is a problem, and reaches no prototype", () => {
  const { value, issues } = expand(JSON.parse('{"a":{"__proto__":{"polluted":true}}}'));
  expect(issues).toEqual([{ path: ["a", "__proto__"], message: "this name cannot be used" }]);
  expect((value as { a: { polluted?: boolean } }).a.polluted).toBeUndefined();
});

it("a config that goes in a circle is a problem, not a hang", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  expect(expand(circle).issues[0]?.message).toContain("goes in a circle");
});

it.each([
  ["goes in two circles", (one: Record<string, unknown>) => Object.assign(one, { self: one, again: [one] })],
  [
    "multiplies by aliases",
    (one: object) => Array.from({ length: 40 }).reduce((inner: unknown) => [inner, inner], one),
  ],
])("a config that %s is a problem, not a hang", (_what, grow) => {
  const { value, issues } = expand(grow({ a: 1 }));
  expect(value).toBeNull();
  expect(issues.at(-1)?.message).toContain("holds more than 1000000 values, or goes in a circle");
});

it("a config without variables comes back unchanged", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (raw) => {
      fc.pre(!/\$\{|__proto__/.test(JSON.stringify(raw)));
      expect(expand(raw)).toMatchObject({ issues: [] });
      expect(JSON.stringify(expand(raw).value)).toBe(JSON.stringify(raw));
    }),
  );
});
