import fc from "fast-check";
import { dump } from "js-yaml";
import { runs } from "../../../../jest/runs.ts";
import { isDict } from "../wamp/messages.ts";
import { parseJson } from "./parse.ts";
import { locatorOf } from "./locate.ts";

type Path = (string | number)[];

/** All paths of a value, the outer ones first. */
function pathsOf(value: unknown, at: Path = []): Path[] {
  const members: [string | number, unknown][] = Array.isArray(value)
    ? value.map((item: unknown, i) => [i, item])
    : isDict(value)
      ? Object.entries(value)
      : [];
  return members.flatMap(([key, item]) => [[...at, key], ...pathsOf(item, [...at, key])]);
}

describe("YAML", () => {
  const TEXT = `# the router
base: &base { type: static }

plugins:
- one
-
  - two
  - { limit: 5 }
realms:
  - name: realm1
    roles: [{ name: user,
      "allow-by-default": true }]
    options:
    empty:
  - &second
    name: realm2
"auth":
  first: *base
  second:
    <<: *base
    role: user
  third: { <<: [*base, { extra: 1 }], role: user }
copy: *second
`;
  it.each<[path: Path, line: number]>([
    [["base"], 2],
    [["plugins", 0], 5],
    [["plugins", 1, 0], 7],
    [["plugins", 1, 1, "limit"], 8],
    [["realms", 0, "name"], 10],
    [["realms", 0, "roles", 0, "name"], 11],
    [["realms", 0, "roles", 0, "allow-by-default"], 12],
    [["realms", 0, "options"], 13],
    [["realms", 0, "empty"], 14],
    [["realms", 1, "name"], 16],
    [["auth"], 17],
    [["auth", "first"], 18],
    [["auth", "first", "type"], 2],
    [["auth", "second", "type"], 2],
    [["auth", "second", "role"], 21],
    [["auth", "third", "extra"], 22],
    [["copy", "name"], 16],
  ])("%j stands in line %i", (path, line) => {
    expect(locatorOf("yaml", TEXT)(path)).toBe(line);
  });

  it("has each key of what was written by a program in its line", () => {
    const key = fc.stringMatching(/^[a-z]{1,4}$/);
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: "small" },
        fc.boolean(),
        fc.integer(),
        key,
        fc.constant(null),
        tie("list"),
        tie("dict"),
      ),
      list: fc.array(tie("any"), { maxLength: 4 }),
      dict: fc.dictionary(key, tie("any"), { maxKeys: 4 }),
    })).dict;
    fc.assert(
      fc.property(value, fc.integer({ min: -1, max: 3 }), (root, flowLevel) => {
        const text = dump(root, { flowLevel, noRefs: true });
        const locate = locatorOf("yaml", text);
        for (const path of pathsOf(root)) {
          const line = text.split("\n")[(locate(path) ?? 0) - 1] ?? "";
          const last = path.at(-1);
          if (typeof last === "string") expect(line).toContain(last);
          else if (!line.includes("[")) expect(line).toMatch(/^ *- /);
        }
      }),
      runs(200),
    );
  });
});

describe("JSON", () => {
  it("may have comments, and each value still has its line", () => {
    const text = `// the router
{
  "a": 1, /* a comment
  of two lines "x": */ "b": [ // three
    true,
    { "http://c": "// no comment" }
  ]
}`;
    expect(parseJson(text)).toEqual({ a: 1, b: [true, { "http://c": "// no comment" }] });
    const lines = [["a"], ["b"], ["b", 0], ["b", 1, "http://c"]].map(locatorOf("json", text));
    expect(lines).toEqual([3, 4, 5, 6]);
  });

  it("has the same lines as the same text read as YAML", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.jsonValue({ maxDepth: 3, noUnicodeString: true })),
        (root) => {
          const text = JSON.stringify(root, null, 1);
          const [json, yaml] = [locatorOf("json", text), locatorOf("yaml", text)];
          for (const path of pathsOf(JSON.parse(text))) expect(json(path)).toBe(yaml(path));
        },
      ),
      runs(200),
    );
  });
});

it("what is missing stands where it should be, and nowhere if all is missing", () => {
  const locate = locatorOf("yaml", "\nrealms:\n  - name: realm1\n");
  expect(locate(["realms", 0, "roles", 0])).toBe(3);
  expect(locate(["transports", 0])).toBeNull();
  expect(locate([])).toBeNull();
});

it("in package.json the config stands below its key", () => {
  const text = '{\n "name": "x",\n "wampgate": {\n  "name": 1 }\n}';
  expect(locatorOf("json", text, ["wampgate"])(["name"])).toBe(4);
  expect(locatorOf("json", text, ["wampgate"])(["realms"])).toBeNull();
});

it.each([
  ["yaml", "a: ["],
  ["json", '{ "a": '],
  [null, "export default {}"],
] as const)("nothing stands anywhere in %s that cannot be read: %s", (format, text) => {
  expect(locatorOf(format, text)(["a"])).toBeNull();
});
