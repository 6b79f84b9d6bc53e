import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "@swc/core";

const root = join(import.meta.dirname, "..");
const packages = readdirSync(join(root, "packages"));

/** In percent, where it is not all of them: the others are there for the compiler, as `?? ""` after what is always set. */
const BRANCHES = {
  "auth-cookie": 95,
  "auth-dynamic": 97,
  "auth-function": 96,
  "auth-http": 95,
  "auth-jwt": 95,
  "auth-scram": 95,
  "auth-sql": 95,
  "auth-totp": 95,
  "auth-wampcra": 95,
  store: 95,
};

/** The files of all packages that a test could run: no tests, and none that hold types only, of which nothing is left to run. */
function runnable() {
  const sources = packages.flatMap((name) =>
    readdirSync(join(root, "packages", name, "src"), { recursive: true }).map((file) => `packages/${name}/src/${file}`),
  );
  return sources.filter((path) => /(?<!\.test|\.d)\.ts$/.test(path) && !holdsTypesOnly(path));
}

function holdsTypesOnly(path) {
  const jsc = { target: "es2022", parser: { syntax: "typescript" } };
  const { code } = transformSync(readFileSync(join(root, path), "utf8"), { jsc, module: { type: "es6" } });
  return code.replaceAll(/\/\*.*?\*\/|\/\/.*|\s/gs, "") === "export{};";
}

/**
 * What jest measures with `--coverage`, and what it demands. Without the flag this file is not read.
 * @type {import("jest").Config}
 */
export default {
  coverageProvider: "v8",
  coverageReporters: [["text", { skipFull: true, maxCols: 140 }], "html"],
  collectCoverageFrom: runnable(),
  coverageThreshold: {
    "packages/core/src/": { lines: 95 },
    ...Object.fromEntries(
      packages
        .filter((name) => name.startsWith("auth-") || name === "store")
        .map((name) => [`packages/${name}/src/`, { lines: 100, branches: BRANCHES[name] ?? 100 }]),
    ),
  },
};
