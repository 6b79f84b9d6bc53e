import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { folderOf } from "../../../../jest/folder.ts";
import { expandEnvironment } from "./environment.ts";
import { Issues } from "./issues.ts";

function expand(raw: unknown, environment: Record<string, string> = {}, folder = "/nowhere") {
  const issues = new Issues();
  return { ...expandEnvironment(raw, { environment, folder }, issues), issues: issues.found };
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

describe("${NAME:-default}", () => {
  it("has the default where the variable is not set or empty", () => {
    const raw = ["${X:-a}", "${Y:-a:-b}", "${Z:-}", "x${X:-a}y${W:-b}"];
    expect(expand(raw, { Z: "z", Y: "", W: "w" })).toMatchObject({ value: ["a", "a:-b", "z", "xayw"], issues: [] });
  });

  it("may be a number, as ${NAME} may", () => {
    const { fromEnvironment } = expand(["${PORT:-8080}", "x${PORT:-8080}"]);
    expect([fromEnvironment([0]), fromEnvironment([1])]).toEqual([true, false]);
  });
});

it("what names a value is told where all of it came from outside: the variable, or the file; not for a default", async () => {
  const folder = await folderOf({ secret: "sesame\n" });
  const raw = { a: ["${X}", "x${X}", "${Y:-y}", "${X:-y}", "${file:secret}", "plain"] };
  const { sourceOf } = expand(raw, { X: "hidden" }, folder);
  expect(raw.a.map((_text, i) => sourceOf(["a", i]))).toEqual([
    { env: "X" },
    null,
    null,
    { env: "X" },
    { file: join(folder, "secret") },
    null,
  ]);
});

describe("${file:path}", () => {
  it("is the text of the file beside the config, less one newline at its end", async () => {
    const folder = await folderOf({ "a/secret": "one\n\n", windows: "two\r\n", none: "three" });
    const raw = ["${file:a/secret}", "${file:./windows}", `x-\${file:${join(folder, "none")}}`];
    expect(expand(raw, {}, folder)).toMatchObject({ value: ["one\n", "two", "x-three"], issues: [] });
  });

  it("that cannot be read is a problem that names the file, and shows none of its text", async () => {
    const folder = await folderOf({ large: "x".repeat(2 ** 20 + 1) });
    await writeFile(join(folder, "binary"), Buffer.from([0xff, 0xfe, 0x41]));
    const { issues } = expand(["${file:none}", "${file:.}", "${file:large}", "${file:binary}"], {}, folder);
    expect(issues.map(({ message }) => message)).toEqual([
      `the file ${join(folder, "none")} cannot be read: there is no such file`,
      `the file ${folder} cannot be read: it is no ordinary file`,
      `the file ${join(folder, "large")} cannot be read: it has more than 1048576 bytes`,
      `the file ${join(folder, "binary")} cannot be read: it holds no text in UTF-8`,
    ]);
  });

  it("is not shown in messages", async () => {
    const folder = await folderOf({ secret: "sesame\n" });
    expect(expand(["${file:secret}"], {}, folder).hide("no sesame here")).toBe("no ${file:secret} here");
  });

  it("is not expanded in what a file says", async () => {
    const folder = await folderOf({ secret: "${HOME}" });
    expect(expand(["${file:secret}"], {}, folder)).toMatchObject({ value: ["${HOME}"], issues: [] });
  });
});

it("two variables that are not set are told both, at one place", () => {
  expect(expand(["${A} ${B}"]).issues).toHaveLength(2);
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
