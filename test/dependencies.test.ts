import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

// What gets into an operator's process besides this project: few packages, each pinned by its hash, under a licence that
// is known, and none that runs code when it is installed.

const ROOT = join(import.meta.dirname, "..");

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  /** Which machines it is made for. Default: all. */
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function read(path: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, path), "utf8"));
}

const { packages: locked } = read("package-lock.json") as { packages: Readonly<Record<string, Locked>> };
const foreign = Object.entries(locked).filter(([path, { link }]) => path.includes("node_modules/") && link !== true);

/** Where `name` is found by a package that lies at `from`: beside it, or in a folder above. */
function found(name: string, from: string): string {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const path = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (path in locked) return path;
    if (folder === "") throw new Error(`the lockfile does not hold ${name}, which ${from} needs`);
    if (!folder.includes("/node_modules/")) folder = "";
  }
}

/** All that the published packages bring with them, by place. Native code is there once for each kind of machine: only one is installed. */
function runtime(): ReadonlySet<string> {
  const all = new Set<string>();
  const visit = (from: string): void => {
    const { dependencies = {}, optionalDependencies = {} } = locked[from] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const path = found(name, from);
      if (all.has(path) || isForOthers(path)) continue;
      all.add(path);
      visit(path);
    }
  };
  for (const name of readdirSync(join(ROOT, "packages"))) visit(`packages/${name}`);
  return new Set([...all].filter((path) => locked[path]?.link !== true));
}

/** Whether it is made for other machines than this one. */
function isForOthers(path: string): boolean {
  const { os, cpu } = locked[path] ?? {};
  return (os !== undefined || cpu !== undefined) && !existsSync(join(ROOT, path));
}

/** Licences that ask no more than to be named. */
const LICENCES = [
  "MIT",
  "ISC",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "Apache-2.0",
  "0BSD",
  "BlueOak-1.0.0",
  "Python-2.0",
  "Unlicense",
];
/**
 * May build themselves when they are installed: bcrypt where it has no binary for the machine, and `bufferutil`, which is
 * optional: ws works without it. Where scripts are turned off both do without.
 */
const BUILDING = ["node_modules/bcrypt", "node_modules/bufferutil"];
/** How many there may be. Whoever adds one looks for another to leave. */
const MANY = 130;

it("every package is pinned by its hash, and comes from the registry that npm is set to", () => {
  expect(foreign.length).toBeGreaterThan(0);
  const unpinned = foreign.filter(([, { integrity = "" }]) => !/^sha512-[\w+/]{86}==$/.test(integrity));
  expect(unpinned.map(([path]) => path)).toEqual([]);
  // Without `resolved` npm asks its registry; a path, a git repository or another host would stand there.
  const elsewhere = foreign.filter(
    ([, { resolved }]) => resolved !== undefined && !/^https:.*\/-\/[^/]+\.tgz$/.test(resolved),
  );
  expect(elsewhere.map(([path]) => path)).toEqual([]);
});

it("what the published packages bring with them is little, and under licences that are known", () => {
  const tree = [...runtime()];
  expect(tree.length).toBeLessThanOrEqual(MANY);
  const others = tree.filter((path) => {
    const { license } = read(`${path}/package.json`) as { license?: string };
    return license === undefined || !LICENCES.includes(license);
  });
  expect(others).toEqual([]);
});

it("nothing of it runs code when it is installed, but for what may build itself", () => {
  const running = [...runtime()].filter((path) => locked[path]?.hasInstallScript === true);
  expect(running).toEqual(BUILDING);
});

it("nothing of it is deprecated", () => {
  const deprecated = [...runtime()].filter((path) => "deprecated" in (locked[path] ?? {}));
  expect(deprecated).toEqual([]);
});
