import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { folderWith, ROOT, run, startCli } from "./support/cli.ts";
import { docPages } from "./support/doc-blocks.ts";

// The plugin of docs/guides/writing-a-plugin.md, made of the blocks of that page alone.

jest.setTimeout(60_000); // the compiler, and four processes of node

const page = docPages().find(({ name }) => name === "docs/guides/writing-a-plugin.md");
const blocks = page?.blocks ?? [];
const files = Object.fromEntries(
  blocks.flatMap(({ note, text }) => (note?.kind === "file" ? [[note.text, text] as const] : [])),
);
const config = blocks.find(({ note }) => note?.kind === "foreign")?.text ?? "";
const output = blocks.find(({ language }) => language === "text")?.text;

let cwd: string;
beforeAll(async () => {
  cwd = await folderWith({ ...files, "wampgate.config.yaml": config.replace("port: 8080", "port: 0") });
  expect(node(join(ROOT, "node_modules/typescript/bin/tsc"))).toMatchObject({ stdout: "", status: 0 });
});

/** Runs a program of Node.js in the plugin's folder. */
function node(...args: string[]): { stdout: string; status: number | null } {
  return spawnSync(process.execPath, args, { cwd, env: { ...process.env, NODE_OPTIONS: "" }, encoding: "utf8" });
}

test("its tests pass, as the page's package.json runs them", () => {
  const { scripts } = JSON.parse(files["package.json"] ?? "") as { scripts: { test: string } };
  const [, tests = ""] = /^tsc && node --test (\S+)$/.exec(scripts.test) ?? [];
  const { stdout, status } = node("--test", "--test-reporter=tap", tests);
  expect(stdout.split("\n").filter((line) => /^ *not ok/.test(line))).toEqual([]);
  for (const name of ["lets a principal of its static block in", "knows a principal", "tells who came"])
    expect(stdout).toContain(name);
  expect(status).toBe(0);
});

test("they pass under jest too, with the config and the flag that the page names, and not without", async () => {
  const folder = await folderWith({
    ...files,
    "src/index.test.ts": files["src/index.test.ts"]?.replace('"node:test"', '"@jest/globals"') ?? "",
  });
  const jestIn = (NODE_OPTIONS: string): { stderr: string; status: number | null } => {
    const env = { ...process.env, NODE_OPTIONS };
    const args = [join(ROOT, "node_modules/jest/bin/jest.js"), "--verbose"];
    return spawnSync(process.execPath, args, { cwd: folder, env, encoding: "utf8" });
  };
  const passed: unknown = expect.stringMatching(/✓ lets a principal of its static block in/);
  expect(jestIn("--experimental-vm-modules")).toMatchObject({ stderr: passed, status: 0 });
  const refused: unknown = expect.stringMatching(/Must use import to load ES Module/);
  expect(jestIn("")).toMatchObject({ stderr: refused, status: 1 });
});

test("the router takes it by the page's config, lets a client in, and its observer sees that", async () => {
  expect(await run(cwd, ["check"])).toMatchObject({ code: 0, stderr: "" });
  const router = await startCli(cwd);
  expect(router.summary.join("\n")).toContain("shout (static, then guests) from wampgate-auth-shout");
  const client = files["client.js"]?.replace("ws://127.0.0.1:8080/ws", router.url) ?? "";
  expect(node("--input-type=module", "--eval", client).stdout.trim()).toBe(output);
  expect(await router.logged(/^went$/)).toMatchObject({ authid: "ann", by: "client", plugin: "wampgate-auth-shout" });
  router.kill("SIGTERM");
  expect(await router.ended).toBe(0);
});

test("what would be published is the plugin without its tests", () => {
  const npm = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd, encoding: "utf8" });
  const [packed] = JSON.parse(npm.stdout) as [{ files: { path: string }[] }];
  const names = ["guests", "index", "shout", "watch"].flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]);
  expect(packed.files.map(({ path }) => path).sort()).toEqual([...names, "package.json"].sort());
});
