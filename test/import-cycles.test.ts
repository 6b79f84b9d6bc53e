import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SCRIPT = join(import.meta.dirname, "../scripts/find-cycles.mjs");
const folder = mkdtempSync(join(tmpdir(), "wampgate-cycles-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("the lint finds a circle of imports, though they are of types", () => {
  writeFileSync(join(folder, "a.ts"), 'import type { B } from "./b.ts";\nexport type A = B[];\n');
  writeFileSync(join(folder, "b.ts"), 'export type { C as B } from "./c.ts";\n');
  writeFileSync(join(folder, "c.ts"), 'export interface C { readonly a: import("./a.ts").A }\n');
  writeFileSync(join(folder, "d.ts"), 'import type { A } from "./a.ts";\nexport type D = A;\n');
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, folder], { encoding: "utf8" });
  expect(stderr).toBe(`${folder}: these files import each other in a circle: a.ts, b.ts, c.ts\n`);
  expect(status).toBe(1);
});

it("the lint passes over imports that go one way", () => {
  rmSync(join(folder, "c.ts"));
  expect(spawnSync(process.execPath, [SCRIPT, folder]).status).toBe(0);
});
