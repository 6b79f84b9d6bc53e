import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { folderOf } from "../../../../jest/folder.ts";
import { readConfig } from "./find.ts";

it.each([
  ["wampgate.config.json", '{ "realms": [] }'],
  ["wampgate.config.yaml", "realms: []"],
  ["wampgate.config.yml", "realms: []"],
  [".wampgaterc", "realms: []"],
  [".wampgaterc.json", '{ "realms": [] }'],
  [".wampgaterc.yaml", "realms: []"],
  ["package.json", '{ "wampgate": { "realms": [] } }'],
])("%s is found from a folder below it", async (name, text) => {
  const cwd = await folderOf({ [name]: text, "below/further/x.txt": "" });
  const found = await readConfig({ cwd: join(cwd, "below/further") });
  expect(found).toMatchObject({ file: join(cwd, name), folder: cwd, raw: { realms: [] } });
});

it("the file that is named is read, wherever it is", async () => {
  const cwd = await folderOf({ "etc/mine.yaml": "realms: []" });
  const found = await readConfig({ cwd, file: "etc/mine.yaml" });
  expect(found).toMatchObject({ file: join(cwd, "etc/mine.yaml"), folder: join(cwd, "etc") });
});

it("no config is a problem that says how to get one", async () => {
  const cwd = await folderOf({});
  await expect(readConfig({ cwd })).rejects.toThrow("npx wampgate init");
});

it.each([
  ["a file that does not exist", "none.json", null, "there is no such file"],
  ["a folder", ".", null, "this is a folder"],
  ["an empty file", "empty.json", "", "the file is empty"],
  ["broken JSON", "broken.json", '{ "realms": [ }', "broken.json:1: it cannot be read"],
  ["broken YAML", "broken.yaml", "plugins: []\nrealms:\n\t- realm1", "broken.yaml:3: it cannot be read"],
])("%s is a ConfigError that names the file", async (_what, file, text, expected) => {
  const cwd = await folderOf(text === null ? {} : { [file]: text });
  const failed = readConfig({ cwd, file });
  await expect(failed).rejects.toMatchObject({ name: "ConfigError", file: join(cwd, file) });
  await expect(failed).rejects.toThrow(expected);
});

describe("a config that is found above the working directory", () => {
  const CODE = [
    "wampgate.config.js",
    "wampgate.config.mjs",
    "wampgate.config.cjs",
    "wampgate.config.ts",
    ".wampgaterc.cjs",
  ];

  it.each(CODE)("is not run where there is no project: %s", async (name) => {
    const cwd = await folderOf({ [name]: "globalThis.wasRun = true;", "below/x.txt": "" });
    await expect(readConfig({ cwd: join(cwd, "below") })).rejects.toThrow(
      `${join(cwd, name)} is outside of the project; to use it give --config`,
    );
    expect(globalThis).not.toHaveProperty("wasRun");
  });

  it.each(["package.json", ".git"])("is not run where the project ends below it, by its %s", async (marker) => {
    const cwd = await folderOf({
      "wampgate.config.cjs": "globalThis.wasRun = true;",
      [`project/${marker}`]: "{}",
      "project/below/x.txt": "",
    });
    await expect(readConfig({ cwd: join(cwd, "project/below") })).rejects.toThrow("is outside of the project");
    expect(globalThis).not.toHaveProperty("wasRun");
  });

  it("is run where it is code of the same project", async () => {
    const cwd = await folderOf({
      "wampgate.config.cjs": "module.exports = { realms: [] };",
      ".git": "",
      "below/x.txt": "",
    });
    const found = await readConfig({ cwd: join(cwd, "below") });
    expect(found).toMatchObject({ file: join(cwd, "wampgate.config.cjs"), folder: cwd, raw: { realms: [] } });
  });

  it("is read where it is data, beyond the project too", async () => {
    const cwd = await folderOf({ "wampgate.config.yaml": "realms: []", "project/package.json": "{}" });
    const found = await readConfig({ cwd: join(cwd, "project") });
    expect(found).toMatchObject({ file: join(cwd, "wampgate.config.yaml"), folder: cwd, raw: { realms: [] } });
  });

  it("imports no code where it is data and beyond the project", async () => {
    const cwd = await folderOf({
      "wampgate.config.yaml": "$import: ./more.cjs",
      "more.cjs": "globalThis.wasRun = true;",
      "below/x.txt": "",
    });
    await expect(readConfig({ cwd: join(cwd, "below") })).rejects.toThrow("imports code");
    expect(globalThis).not.toHaveProperty("wasRun");
  });

  it.each(["wampgate.config.yaml", "wampgate.config.cjs"])(
    "is ignored in a folder that anyone may write to, even if a project begins there: %s",
    async (name) => {
      const cwd = await folderOf({ [name]: "realms: []", "package.json": "{}", "below/x.txt": "" });
      await chmod(cwd, 0o1777);
      await expect(readConfig({ cwd: join(cwd, "below") })).rejects.toThrow("is outside of the project");
    },
  );
});
