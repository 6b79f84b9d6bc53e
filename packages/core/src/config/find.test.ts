import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readConfig } from "./find.ts";

async function folder(files: Record<string, string>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "wampgate-find-"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return path;
}

it.each([
  ["wampgate.config.json", '{ "realms": [] }'],
  ["wampgate.config.yaml", "realms: []"],
  ["wampgate.config.yml", "realms: []"],
  [".wampgaterc", "realms: []"],
  [".wampgaterc.json", '{ "realms": [] }'],
  [".wampgaterc.yaml", "realms: []"],
  ["package.json", '{ "wampgate": { "realms": [] } }'],
])("%s is found from a folder below it", async (name, text) => {
  const cwd = await folder({ [name]: text, "below/further/x.txt": "" });
  const found = await readConfig({ cwd: join(cwd, "below/further") });
  expect(found).toEqual({ file: join(cwd, name), folder: cwd, raw: { realms: [] } });
});

it("the file that is named is read, wherever it is", async () => {
  const cwd = await folder({ "etc/mine.yaml": "realms: []" });
  const found = await readConfig({ cwd, file: "etc/mine.yaml" });
  expect(found).toMatchObject({ file: join(cwd, "etc/mine.yaml"), folder: join(cwd, "etc") });
});

it("no config is a problem that says how to get one", async () => {
  const cwd = await folder({});
  await expect(readConfig({ cwd })).rejects.toThrow("npx wampgate init");
});

it.each([
  ["a file that is not there", "none.json", null, "there is no such file"],
  ["a folder", ".", null, "this is a folder"],
  ["an empty file", "empty.json", "", "the file is empty"],
  ["broken JSON", "broken.json", '{ "realms": [ }', "it cannot be read"],
  ["broken YAML", "broken.yaml", "realms: [", "it cannot be read"],
])("%s is a ConfigError that names the file", async (_what, file, text, expected) => {
  const cwd = await folder(text === null ? {} : { [file]: text });
  const failed = readConfig({ cwd, file });
  await expect(failed).rejects.toMatchObject({ name: "ConfigError", file: join(cwd, file) });
  await expect(failed).rejects.toThrow(expected);
});
