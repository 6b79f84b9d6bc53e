// Installs and builds what is missing or out of date, so that `npm start` and `npm test` work in a fresh clone.
// `--tests`: what only tests need, too.
import { requireNode } from "../packages/core/bin/node-version.js";
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";

requireNode();
const root = join(import.meta.dirname, "..");
const changedAt = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

function run(command, ...args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

/** Installs in a folder what its lockfile names, if that is not done yet. */
function install(folder) {
  const isDone =
    changedAt(join(folder, "node_modules/.package-lock.json")) >= changedAt(join(folder, "package-lock.json"));
  if (!isDone) run("npm", "ci", "--no-audit", "--prefix", folder);
}

install(".");
if (process.argv.includes("--tests")) install("test/node-versions");
run("npm", "run", "--silent", "build");
