import { join } from "node:path";
import { jest } from "@jest/globals";
import { folderOf } from "../../../../jest/folder.ts";
import { main } from "./main.ts";

// In this process; test/cli.test.ts runs the command itself.

const CONFIG = `
realms: [{ name: realm1, roles: [{ name: user }] }]
transports: [{ type: memory, auth: { knock: { type: static } } }]
`;

/** A plugin with the method knock, without a package to import. @param apply the code of its function */
const plugin = (name: string, apply: string): string => `
  const anything = { "~standard": { version: 1, vendor: "none", validate: (value) => ({ value }) } };
  const blocks = { schema: anything, find: () => undefined, assignments: () => [] };
  const knock = { name: "knock", at: "hello", credential: anything, static: blocks, challenge() {}, decoy() {} };
  const apply = () => { ${apply} };
  export default { [Symbol.for("wampgate.plugin")]: true, name: "${name}", core: "*", methods: [knock], apply };`;

const QUIET = `plugins: ["./quiet.mjs"]\n${CONFIG}`;
const FAILING = `plugins: ["./failing.mjs"]\n${CONFIG}`;
const PLUGINS = {
  "quiet.mjs": plugin("quiet", ""),
  "asking.mjs": plugin("asking", "").replace(
    "methods:",
    `strategies: [{
      type: "door", block: anything, resolve() {}, open: () => ({ value: null }),
      probe({ door }) {
        if (door === "shut") throw new Error("shut is shut");
        return door === "none" ? undefined : door + " answers";
      },
    }], methods:`,
  ),
  "versioned.mjs": plugin("versioned", "").replace("core:", 'version: "1.2.3", core:'),
  "failing.mjs": plugin("failing", 'throw new Error("no licence", { cause: new Error("the server is away") });'),
};

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command on a config. */
async function run(config: string, ...args: string[]): Promise<Ran> {
  const folder = await folderOf({ "wampgate.yaml": config, ...PLUGINS });
  const [out, err] = ["log", "error"].map((name) =>
    jest.spyOn(console, name as "log").mockImplementation(() => undefined),
  );
  const text = (spy: typeof out): string => (spy?.mock.calls ?? []).map(([line]) => String(line)).join("\n");
  try {
    const code = await main([...args, "--config", join(folder, "wampgate.yaml")]);
    return { code, stdout: text(out), stderr: text(err) };
  } finally {
    out?.mockRestore();
    err?.mockRestore();
  }
}

it("check says of a config that is fine which plugins it has, and ends with 0", async () => {
  const { code, stdout, stderr } = await run(QUIET, "check");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^\/.*\/wampgate\.yaml is fine\. Plugins: quiet\.$/);
});

it("check --ask says what answers and what does not, with its line, and check alone asks nothing", async () => {
  const config = (...doors: string[]): string => `
plugins: ["./asking.mjs"]
realms: [{ name: realm1, roles: [{ name: user }] }]
transports:
  - type: memory
    auth:
      knock:
${doors.map((door) => `        - { type: door, door: ${door} }`).join("\n")}
`;
  expect(await run(config("shut"), "check")).toMatchObject({ code: 0, stderr: "" });
  const at = "transports[0].auth.knock";
  const fine = await run(config("front", "none"), "check", "--ask");
  expect(fine).toMatchObject({ code: 0, stderr: "" });
  expect(fine.stdout).toMatch(/^wampgate\.yaml:8: transports\[0\]\.auth\.knock\[0\]: front answers\n\/.* is fine\./);
  const shut = await run(config("front", "shut"), "check", "--ask");
  expect(shut).toMatchObject({ code: 2, stdout: `wampgate.yaml:8: ${at}[0]: front answers` });
  expect(shut.stderr).toMatch(/^WG_CONFIG_INVALID: .*: 1 problem\n {2}wampgate\.yaml:9: .*knock\[1\]: shut is shut$/);
  const nothing = await run(config("none"), "check", "--ask");
  expect(nothing.stdout).toMatch(/^There is nothing to ask: .*\n.* is fine\./);
});

it("check says which versions the plugins have, where they say it", async () => {
  const { stdout } = await run(`plugins: ["./versioned.mjs"]\n${CONFIG}`, "check");
  expect(stdout).toMatch(/Plugins: versioned 1\.2\.3\.$/);
});

it.each([
  ["WG_CONFIG_INVALID", "nonsense: 1"],
  ["WG_CONFIG_UNREADABLE", "{"],
  ["WG_CONFIG_MISSING", ""],
])("messages begin with the code of the error, as %s, with --debug too", async (code, config) => {
  for (const options of [[], ["--debug"]]) {
    const { stderr } = await run(config, "check", ...options);
    expect(stderr).toMatch(new RegExp(`^${code}: `));
  }
});

it("a config that is wrong ends with 2, one whose plugin fails with 1", async () => {
  const wrong = await run(`nonsense: 1\n${QUIET}`, "check");
  expect(wrong).toMatchObject({ code: 2, stdout: "" });
  expect(wrong.stderr).toMatch(/: 1 problem\n {2}wampgate\.yaml:1: nonsense: /);
  const failed = await run(FAILING, "check");
  expect(failed).toEqual({
    code: 1,
    stdout: "",
    stderr: 'WG_PLUGIN_APPLY: plugin "failing" failed to apply itself: no licence',
  });
});

it("--debug shows the stack of what failed, and of its causes", async () => {
  const { stderr } = await run(FAILING, "check", "--debug");
  expect(stderr).toMatch(/failed to apply itself: no licence\n +at /);
  expect(stderr).toMatch(/caused by: Error: no licence\n +at .*failing\.mjs/);
  expect(stderr).toMatch(/caused by: Error: the server is away\n +at .*failing\.mjs/);
});

it("schema prints a schema of what the config may hold, with the methods of its plugins", async () => {
  const { code, stdout } = await run(QUIET, "schema");
  expect(code).toBe(0);
  const { properties } = JSON.parse(stdout) as { properties: { transports: { items: { allOf: { then: object }[] } } } };
  const { then: memory } =
    properties.transports.items.allOf.find((one) => JSON.stringify(one).includes('"memory"')) ?? {};
  expect(memory).toHaveProperty("properties.auth.properties.knock");
});

it("schema needs nothing of the config but its plugins", async () => {
  expect(await run(`nonsense: 1\n${QUIET}`, "schema")).toMatchObject({ code: 0, stderr: "" });
  expect(await run('plugins: ["./none.mjs"]', "schema")).toMatchObject({ code: 2, stdout: "" });
});

it("print-config hides what the plugins do not mark, and keeps core's own", async () => {
  const { code, stdout } = await run(
    QUIET.replace("type: static", "type: static, word: sesame, role: user"),
    "print-config",
  );
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    plugins: ["quiet"],
    transports: [
      { type: "memory", name: "default", auth: { knock: { type: "static", word: "(hidden)", role: "user" } } },
    ],
  });
});

it.each([["loud"], [""]])("the log level %j is refused before anything is started", async (level) => {
  const { code, stderr } = await run(CONFIG, "start", "--log-level", level);
  const levels = "trace, debug, info, warn, error, fatal, silent";
  expect({ code, stderr }).toEqual({ code: 2, stderr: `WG_USAGE: --log-level is one of ${levels}, not ${level}` });
});

it("a config that is given without --config is a wrong use, which says how to give it", async () => {
  const written = jest.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    expect(await main(["check", "wampgate.yaml"])).toBe(2);
    expect(written.mock.calls.map(([text]) => String(text)).join("")).toBe(
      "WG_USAGE: too many arguments for 'check'. Expected 0 arguments but got 1.\n" +
        "(a config is named by --config FILE; run wampgate check --help for all options)\n",
    );
  } finally {
    written.mockRestore();
  }
});
