import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { folderOf } from "../jest/folder.ts";

const SCRIPT = join(import.meta.dirname, "../scripts/find-cycles.mjs");
const folder = await folderOf({
  "a.ts": 'import type { B } from "./b.ts";\nexport type A = B[];\n',
  "b.ts": 'export type { C as B } from "./c.ts";\n',
  "c.ts": 'export interface C { readonly a: import("./a.ts").A }\n',
  "d.ts": 'import type { A } from "./a.ts";\nexport type D = A;\n',
});

it("the lint finds a circle of imports, though they are of types", () => {
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, folder], { encoding: "utf8" });
  expect(stderr).toBe(`${folder}: these files import each other in a circle: a.ts, b.ts, c.ts\n`);
  expect(status).toBe(1);
});

it("the lint passes over imports that go one way", () => {
  rmSync(join(folder, "c.ts"));
  expect(spawnSync(process.execPath, [SCRIPT, folder]).status).toBe(0);
});
