import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { limitCounters } from "../packages/core/src/config/json-schema.ts";
import { BUILTIN } from "../packages/core/src/router/builtin.ts";
import { ROUTER_ROLES } from "../packages/core/src/realm/features.ts";

const ROOT = join(import.meta.dirname, "..");

test("the config and hooks references are what the source says", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/generate-docs.mjs", "--check"], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: "" },
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});

test("no page links to a file that is not there", () => {
  const pages = [
    "README.md",
    "CONTRIBUTING.md",
    "examples/README.md",
    ...readdirSync(join(ROOT, "docs"), { recursive: true }).map((name) => `docs/${String(name)}`),
  ];
  const broken = pages
    .filter((page) => page.endsWith(".md"))
    .flatMap((page) =>
      [...readFileSync(join(ROOT, page), "utf8").matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)]
        .map(([, target]) => join(ROOT, dirname(page), target ?? ""))
        .filter((target) => !exists(target)),
    );
  expect(broken).toEqual([]);
});

test("the page of features has a row for each that WELCOME announces, and no other", () => {
  const [, broker = "", dealer = ""] = readFileSync(join(ROOT, "docs/reference/features.md"), "utf8").split(/^## /m);
  const rows = (part: string): string[] => [...part.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name ?? "");
  expect(rows(broker)).toEqual(Object.keys(ROUTER_ROLES.broker.features).sort());
  expect(rows(dealer)).toEqual(Object.keys(ROUTER_ROLES.dealer.features).sort());
});

test("the map of the source names each folder of core and no other, and files that are there", () => {
  const core = join(ROOT, "packages/core/src");
  const page = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");
  const folders = readdirSync(core, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const rows = [...page.matchAll(/^\| \d +\| `(\w+)\/`/gm)].map(([, name]) => name);
  expect(rows.sort()).toEqual(folders.map(({ name }) => name).sort());
  const files = [...page.matchAll(/`((?:[\w-]+\/)+[\w-]+\.\w+)`/g)].map(([, file]) => file ?? "");
  expect(files.length).toBeGreaterThan(10);
  expect(files.filter((file) => !exists(join(core, file)) && !exists(join(ROOT, file)))).toEqual([]);
});

test("each of the larger changes touches three files of core at most", () => {
  const [, table = ""] =
    /^## Eight larger changes$(.*?)^## /ms.exec(readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8")) ?? [];
  const rows = table.split("\n").filter((line) => /^\| (?!-|change )/.test(line));
  expect(rows).toHaveLength(8);
  for (const row of rows) {
    const files = [...row.matchAll(/`((?:[\w-]+\/)+[\w-]+\.ts)`/g)].length;
    expect(files).toBeGreaterThan(0);
    expect(files).toBeLessThan(4);
  }
});

test("the page of limits has a row for each that is counted, and no other", () => {
  const [page = ""] = readFileSync(join(ROOT, "docs/reference/limits.md"), "utf8").split("## Fixed ones");
  const counted = new Set(limitCounters(BUILTIN.transports));
  const rows = new Set([...page.matchAll(/^\| `([\w.-]+)`/gm)].map(([, key]) => key));
  expect([...rows].sort()).toEqual([...counted].sort());
});

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EISDIR";
  }
}
