import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { jest } from "@jest/globals";
import { ConfigError, isDict } from "@wampgate/core";
import fc from "fast-check";
import { folderOf } from "../jest/folder.ts";
import { runs, SEED } from "../jest/runs.ts";
import { loadConfig } from "../packages/core/src/config/load.ts";
import { NAMED } from "../packages/core/src/router/builtin.ts";
import { folderWith, ROOT, run, startCli } from "./support/cli.ts";
import { OFFICIAL } from "./support/router.ts";

// What is wrong in a config is told by its place and in words. The text that stands there may be a secret.

// Many configs, and processes that read them.
jest.setTimeout(60_000);

/** Wherever a slip cuts a secret in two, one half or the other holds the mark. */
const MARK = "q7q7";
const secret = (name: string): string => `${MARK.repeat(4)}${name}${MARK.repeat(4)}`;

const config = {
  plugins: ["@wampgate/auth-ticket", "@wampgate/auth-wampcra"],
  realms: [{ name: "realm1", roles: [{ name: "user", permissions: [{ uri: "com.example.", match: "prefix" }] }] }],
  transports: [
    {
      type: "memory",
      auth: {
        ticket: { type: "static", principals: { joe: { ticket: secret("a"), role: "user" } } },
        wampcra: {
          type: "static",
          users: {
            ann: { secret: secret("b"), salt: secret("c"), iterations: 10, keylen: 16, role: "user" },
            max: { password: secret("d"), role: "user", extra: { token: secret("e") } },
          },
        },
      },
    },
  ],
  components: [{ module: "./nothing.js", realm: "realm1", role: "user", config: { key: secret("f") } }],
};

const JSON_TEXT = JSON.stringify(config, null, 2);
const YAML_TEXT = `
plugins: ["@wampgate/auth-ticket", "@wampgate/auth-wampcra"]
realms: [{ name: realm1, roles: [{ name: user, permissions: [] }] }]
transports:
  - type: memory
    auth:
      ticket:
        type: static
        principals:
          joe: { ticket: ${secret("a")}, role: user }
          pia: {ticket: "${secret("b")}", role: user}
          kim:
            ticket: ${secret("c")}
            role: user
      wampcra:
        type: static
        users:
          ann:
            secret: '${secret("d")}'
            role: user
            extra: [${secret("e")}, { token: ${secret("f")} }]
`;
const JS_TEXT = `const key = "${secret("x")}";\nexport default ${JSON_TEXT.replace(/"(\w+)":/g, "$1:")};\n`;

/** Each way to write a config: the file's name, its text, and how many slips are made in it. */
const FORMATS: Readonly<Record<string, { file: string; text: string; count: number }>> = {
  JSON: { file: "wampgate.config.json", text: JSON_TEXT, count: 150 },
  YAML: { file: "wampgate.config.yaml", text: YAML_TEXT, count: 250 },
  "an rc file": { file: ".wampgaterc", text: YAML_TEXT, count: 60 },
  "an rc file in JSON": { file: ".wampgaterc.json", text: JSON_TEXT, count: 60 },
  "package.json": { file: "package.json", text: JSON.stringify({ wampgate: config }), count: 60 },
  "an ES module": { file: "wampgate.config.mjs", text: JS_TEXT, count: 20 },
  CommonJS: { file: "wampgate.config.cjs", text: JS_TEXT.replace("export default", "module.exports ="), count: 20 },
  TypeScript: { file: "wampgate.config.ts", text: JS_TEXT.replace("key =", "key: string ="), count: 20 },
};

/** A slip of the fingers: something is left out, or gets in. Positions count round. */
const slips = fc.record({
  at: fc.nat(100_000),
  left: fc.integer({ min: 0, max: 3 }),
  put: fc.constantFrom(
    "",
    "",
    "",
    '"',
    "'",
    ":",
    ": ",
    ",",
    ", ",
    "{",
    "}",
    "[",
    "]",
    "*",
    "&",
    "!",
    "\n",
    "\t",
    "\\",
    "`",
    "%",
    "@",
    "(",
  ),
});

function slipped(text: string, { at, left, put }: { at: number; left: number; put: string }): string {
  const from = at % text.length;
  return text.slice(0, from) + put + text.slice(from + left);
}

/** What the errors of these files show, as the built router reads them. */
async function shownOf(files: readonly string[]): Promise<string[]> {
  const reader = spawn(process.execPath, [join(import.meta.dirname, "support/read-configs.mjs")], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  reader.stdin.end(files.join("\n"));
  const [texts] = await Promise.all([textOf(reader.stdout), once(reader, "close")]);
  return JSON.parse(texts) as string[];
}

it.each(Object.keys(FORMATS))("a syntax error anywhere in %s shows no secret", async (format) => {
  const { file, text, count } = FORMATS[format] as (typeof FORMATS)[string];
  const made = fc
    .sample(slips, runs(count))
    .map((slip, i) => ({ path: join(String(i), file), text: slipped(text, slip) }));
  const folder = await folderOf(Object.fromEntries(made.map(({ path, text: wrong }) => [path, wrong])));
  const shown = await shownOf(made.map(({ path }) => join(folder, path)));
  expect(shown).toHaveLength(made.length);
  expect(shown.filter((problem) => problem.includes("cannot be read")).length).toBeGreaterThan(count / 10);
  const leaks = shown.flatMap((problem, i) =>
    problem.includes(MARK) ? [{ problem, text: made[i]?.text, seed: SEED }] : [],
  );
  expect(leaks).toEqual([]);
});

/** All places of `value` where a text stands. */
function textsIn(value: unknown, at: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof value === "string") return [[...at]];
  if (Array.isArray(value)) return value.flatMap((item, i) => textsIn(item, [...at, i]));
  return isDict(value) ? Object.entries(value).flatMap(([key, item]) => textsIn(item, [...at, key])) : [];
}

function put(root: unknown, [key, ...rest]: readonly (string | number)[], value: string): unknown {
  if (key === undefined) return value;
  if (Array.isArray(root)) return root.map((item: unknown, i) => (i === key ? put(item, rest, value) : item));
  const dict = root as Record<string, unknown>;
  return { ...dict, [key]: put(dict[key], rest, value) };
}

it("a value of the environment is not shown, wherever it stands: the error names the variable", async () => {
  const places = textsIn(config);
  const from = { folder: ROOT, cwd: ROOT };
  process.env["WAMPGATE_TEST_SECRET"] = secret("env");
  let named = 0;
  try {
    for (const at of places) {
      for (const value of ["${WAMPGATE_TEST_SECRET}", "x-${WAMPGATE_TEST_SECRET}"]) {
        const raw = put({ ...config, plugins: OFFICIAL }, at, value);
        const problem: unknown = await loadConfig(
          { file: "config", folder: from.folder, raw },
          { cwd: from.cwd, ...NAMED },
        ).catch((error: unknown) => error);
        if (!(problem instanceof ConfigError)) continue;
        const shown = `${problem.stack}\n${JSON.stringify(problem)}`;
        expect(shown).not.toContain(MARK);
        if (shown.includes("${WAMPGATE_TEST_SECRET}")) named++;
      }
    }
  } finally {
    delete process.env["WAMPGATE_TEST_SECRET"];
  }
  expect(named).toBeGreaterThan(5);
});

it.each([
  ["what an author throws is shown as it is", 'throw new Error("set DB_URL first");', /set DB_URL first/],
  ["a name that is not defined is not shown", `export default { ticket: ${secret("")} };`, /mjs:1:26: a name is used/],
  [
    "a text that is called is not shown",
    `export default ["${secret("")}"\n("x")];`,
    /TypeError at .*mjs:2:1: its message/,
  ],
  ["JSON that it reads is not shown", `export default JSON.parse('{"a": ${secret("")}}');`, /what it read is not JSON/],
  ["a value that is thrown and is no error is told", "throw null;", /something other than an Error was thrown/],
])("of a config in JavaScript, %s", async (_what, text, expected) => {
  const cwd = await folderWith({ "wampgate.config.mjs": text });
  const { code, stderr } = await run(cwd, ["check", "--debug"]);
  expect(stderr).toMatch(expected);
  expect(stderr).not.toContain(MARK);
  expect(code).toBe(2);
});

it.each([
  ["yaml", `a:\n  secret: ${secret("")}: more\n`, "line 2, column 43: bad indentation of a mapping entry"],
  ["yaml", `ticket: *${secret("")}\n`, "unidentified alias; a text that begins with * must be in quotes"],
  ["yaml", `ticket: !${secret("")}\n`, "unknown tag; a text that begins with ! must be in quotes"],
  ["json", `{ "a": "${secret("")}" "b": 1 }`, "line 1, column 43: expected a comma or }"],
  ["json", `{ "a": ${secret("")} }`, "line 1, column 8: expected a value"],
  ["mjs", `export default {\n  a: "${secret("")}" b: 1 };\n`, "line 2, column 41: Unexpected identifier"],
  ["cjs", `module.exports = {\n  a: "${secret("")}" b: 1 };\n`, "cjs:2:41: Unexpected identifier"],
  ["ts", `export default {\n  a: "${secret("")}" b: 1 };\n`, "line 2, column 41: ',' expected"],
])("a syntax error in a file of kind %s is told by its place", async (kind, text, expected) => {
  const cwd = await folderWith({ [`wampgate.config.${kind}`]: text });
  const { code, stdout, stderr } = await run(cwd, ["check", "--debug"]);
  expect(stderr).toContain(expected);
  expect(stdout + stderr).not.toContain(MARK);
  expect(code).toBe(2);
});

it("at start a syntax error is told by its place, and no secret is shown", async () => {
  const cwd = await folderWith({ "wampgate.config.yaml": `ticket: "${secret("")}" "\n` });
  const { code, stdout, stderr } = await run(cwd, ["start", "--debug"]);
  expect(stderr).toContain("line 1, column 44: bad indentation of a mapping entry");
  expect(stdout + stderr).not.toContain(MARK);
  expect(code).toBe(2);
});

it("at a reload the log tells the place of a slip, and no secret", async () => {
  const sound = JSON.stringify({
    plugins: ["@wampgate/auth-ticket"],
    realms: [{ name: "realm1", roles: [{ name: "user", permissions: [] }] }],
    transports: [
      {
        type: "websocket",
        endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
        auth: { ticket: { type: "static", principals: { joe: { ticket: secret(""), role: "user" } } } },
      },
    ],
  });
  const cwd = await folderWith({ "wampgate.config.json": sound });
  const router = await startCli(cwd);
  await writeFile(join(cwd, "wampgate.config.json"), sound.replace('","role"', '" "role"'));
  router.kill("SIGHUP");
  await router.logged(/it cannot be read: line 1, column \d+: expected a comma or }/);
  await router.logged(/the old one stays in effect/);
  expect(router.lines.join("\n")).not.toContain(MARK);
  router.kill("SIGTERM");
  expect(await router.ended).toBe(0);
});
