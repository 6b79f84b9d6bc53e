import { jest } from "@jest/globals";
import { folderOf } from "../../../../jest/folder.ts";
import { CORE_COMMANDS } from "../plugins/shape.ts";
import { main } from "./main.ts";

// In this process; test/cli.test.ts runs the command itself.

/** A plugin without a package to import. @param commands the code of its list */
const plugin = (name: string, commands: string): string =>
  `export default { [Symbol.for("wampgate.plugin")]: true, name: "${name}", core: "*", commands: [${commands}] };`;

const GREET = `{
  name: "greet",
  description: "greet somebody",
  arguments: [
    { name: "who", description: "who is greeted" },
    { name: "how", description: "the word; default: hello", isOptional: true },
  ],
  flags: {
    "in-capitals": { description: "loudly" },
    from: { value: "name", description: "who greets" },
  },
  run: ({ args: [who, how = "hello"], flags, print, note }) => {
    const text = how + ", " + who;
    print(flags["in-capitals"] ? text.toUpperCase() : text);
    note("from " + flags.from);
  },
}`;
const FAIL = `{ name: "fail", description: "", run: () => { throw new Error("the disk is full"); } }`.replace(
  '""',
  '"fails"',
);

const says = (name: string, text: string): string =>
  `{ name: "${name}", description: "${text}", run: ({ print }) => print("${text}") }`;

const FILES = {
  "own.mjs": plugin("own", `${says("keygen", "own keys")}, ${says("hash-ticket", "own hash")}`),
  "own.yaml": 'plugins: ["./own.mjs"]',
  "greeter.mjs": plugin("greeter", `${GREET}, ${FAIL}`),
  "other.mjs": plugin("other", GREET),
  "wampgate.yaml": 'nonsense: 1\nplugins: ["./greeter.mjs"]',
  "both.yaml": 'plugins: ["./greeter.mjs", "./other.mjs"]',
  "broken.yaml": 'plugins: ["./greeter.mjs", "./none.mjs"]',
};

/** Runs a command line in which `@/` is the folder of the files. */
async function run(...args: string[]) {
  const folder = await folderOf(FILES);
  const spies = [
    jest.spyOn(console, "log").mockImplementation(() => undefined),
    jest.spyOn(process.stdout, "write").mockReturnValue(true),
    jest.spyOn(console, "error").mockImplementation(() => undefined),
    jest.spyOn(process.stderr, "write").mockReturnValue(true),
  ];
  const said = (...which: number[]): string =>
    which.flatMap((i) => (spies[i]?.mock.calls ?? []).map(([text]) => String(text))).join("\n");
  try {
    const code = await main(args.map((word) => word.replace("@/", `${folder}/`)));
    return { code, stdout: said(0, 1), stderr: said(2, 3) };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

it("a command of the config's plugin gets its arguments and its flags, whatever else is wrong in the config", async () => {
  expect(await run("greet", "ann", "--from", "joe", "--config", "@/wampgate.yaml")).toEqual({
    code: 0,
    stdout: "hello, ann",
    stderr: "from joe",
  });
  expect(await run("greet", "ann", "good day", "--in-capitals", "-c", "@/wampgate.yaml")).toEqual({
    code: 0,
    stdout: "GOOD DAY, ANN",
    stderr: "from undefined",
  });
});

it("--plugin names the plugin instead of the config, at any place", async () => {
  expect(await run("--plugin", "@/greeter.mjs", "greet", "ann")).toMatchObject({ code: 0, stdout: "hello, ann" });
  expect(await run("greet", "ann", "--plugin=@/other.mjs")).toMatchObject({ code: 0, stdout: "hello, ann" });
  expect(await run("greet", "--plugin", "wampgate-none")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^WG_USAGE: --plugin: no plugin "wampgate-none" is installed/) as string,
  });
  expect(await run("check", "--plugin", "@/greeter.mjs")).toMatchObject({
    code: 2,
    stderr: "WG_USAGE: --plugin is for commands of plugins, not for check",
  });
  expect(await run("greet", "--plugin")).toMatchObject({
    code: 2,
    stderr: "WG_USAGE: --plugin needs the name of a plugin",
  });
});

it("the help lists them with their plugin, and their own help has their arguments and flags", async () => {
  const all = await run("--help", "--config", "@/wampgate.yaml");
  expect(all).toMatchObject({ code: 0, stderr: "" });
  expect(all.stdout).toMatch(/^ {2}greet .* greet somebody \(greeter\)$/m);
  const own = await run("greet", "--help", "--config", "@/wampgate.yaml");
  expect(own.code).toBe(0);
  for (const part of ["<who>", "[how]", "--in-capitals", "--from <name>", "who greets"])
    expect(own.stdout).toContain(part);
});

it("without a config they are those of the official packages", async () => {
  const { code, stdout } = await run("help");
  expect(code).toBe(0);
  expect(stdout).toContain("hash-ticket");
  expect(stdout).not.toContain("greet");
});

it("official packages that are installed have theirs also where the config does not name them yet", async () => {
  const of = ["--config", "@/wampgate.yaml"];
  const { code, stdout } = await run("keygen", ...of);
  expect([code, stdout]).toEqual([0, expect.stringContaining("public-key")]);
  expect((await run("hash", "--scram", "--help", ...of)).stdout).toContain("wampgate hash-scram");
  expect((await run("help", ...of)).stdout).toMatch(/greet.*\(greeter\)[^]*hash-ticket/);
});

it("a command of the config's plugin comes before one of the same name of an official package", async () => {
  expect((await run("keygen", "--config", "@/own.yaml")).stdout).toBe("own keys");
  expect((await run("hash", "--ticket", "--config", "@/own.yaml")).stdout).toBe("own hash");
});

it("a command of an official package that is not there names the package", async () => {
  const only = ["--plugin", "@/greeter.mjs"];
  expect(await run("keygen", ...only)).toEqual({
    code: 2,
    stdout: "",
    stderr:
      "WG_USAGE: keygen is a command of @wampgate/auth-cryptosign: run npm install @wampgate/auth-cryptosign, or name it by --plugin",
  });
  expect((await run("hash", "--scram", ...only)).stderr).toContain("hash-scram is a command of @wampgate/auth-scram");
  expect((await run("hash", ...only)).stderr).toContain("hash-wampcra is a command of @wampgate/auth-wampcra");
});

it("a command that is called wrongly ends with 2", async () => {
  const line = ["--plugin", "@/greeter.mjs"];
  expect((await run("greet", ...line)).code).toBe(2);
  expect((await run("greet", "ann", "--loud", ...line)).code).toBe(2);
  expect((await run("greet", "a", "b", "c", ...line)).code).toBe(2);
  expect(await run("great", ...line)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^WG_USAGE: unknown command 'great'\n\(Did you mean greet\?\)/) as string,
  });
});

it("one that throws ends with 1, and the error names its plugin", async () => {
  expect(await run("fail", "--plugin", "@/greeter.mjs")).toEqual({
    code: 1,
    stdout: "",
    stderr: 'WG_COMMAND: plugin "greeter" failed to run its command fail: the disk is full',
  });
  const { stderr } = await run("fail", "--debug", "--plugin", "@/greeter.mjs");
  expect(stderr).toMatch(/caused by: Error: the disk is full\n +at .*greeter\.mjs/);
});

it("two plugins may have one of the same name: --plugin chooses", async () => {
  expect(await run("greet", "ann", "--config", "@/both.yaml")).toMatchObject({
    code: 2,
    stderr: "WG_USAGE: greeter and other have the command greet: choose one by --plugin",
  });
  expect((await run("fail", "--config", "@/both.yaml")).stderr).toContain("the disk is full");
});

it("a plugin that cannot be loaded is told of where its command may be missing, and else hinders none", async () => {
  const broken = ["--config", "@/broken.yaml"];
  expect((await run("greet", "ann", ...broken)).stdout).toBe("hello, ann");
  const missing = await run("nothing", ...broken);
  expect(missing.code).toBe(2);
  expect(missing.stderr).toMatch(/^WG_CONFIG_INVALID: [^]*the file "\.\/none\.mjs" does not exist$/);
  const help = await run("--help", ...broken);
  expect(help.code).toBe(0);
  expect(help.stderr).toMatch(/^Commands of plugins may be missing here: /);
});

it("no plugin can take the name of a command of core's", async () => {
  const { stdout } = await run("--help", "--plugin", "@/greeter.mjs");
  const names = [...stdout.matchAll(/^ {2}([a-z][a-z-]*)(?= .*\S$)(?!.*\(greeter\))/gm)].map(([, name]) => name);
  expect(names).toContain("print-config");
  expect(CORE_COMMANDS).toEqual(expect.arrayContaining(names));
});
