import { spawnSync } from "node:child_process";
import { docPages } from "./support/doc-blocks.ts";
import { folderWith } from "./support/cli.ts";

test("the method of the guide passes the suite for methods, by the test that the guide shows", async () => {
  const guide = docPages().find(({ name }) => name === "docs/guides/writing-a-method.md");
  const [method, suite, ...others] = (guide?.blocks ?? []).filter(({ language }) => language === "ts");
  expect(others).toEqual([]);
  const cwd = await folderWith({
    "package.json": JSON.stringify({ type: "module" }),
    "index.js": method?.text ?? "",
    "index.test.js": suite?.text ?? "",
  });
  const { stdout, status } = spawnSync(process.execPath, ["--test", "--test-reporter=tap"], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: "" },
    encoding: "utf8",
  });
  expect(stdout.split("\n").filter((line) => /^ *not ok/.test(line))).toEqual([]);
  expect(stdout).toMatch(/lets a principal of its static block in/);
  expect(status).toBe(0);
});
