// Reads each of the config files named on stdin, one a line, as the built router does, and prints what the errors and
// warnings of each would show, as a JSON list of texts.
import { readFileSync } from "node:fs";
import { readConfig } from "../../packages/core/dist/config/find.js";
import { loadConfig } from "../../packages/core/dist/config/load.js";
import { memory } from "../../packages/core/dist/transports/memory/memory.js";

const cwd = process.cwd();

async function shown(file) {
  try {
    const source = await readConfig({ cwd, file });
    const { warnings } = await loadConfig({ ...source, folder: cwd }, { cwd, transports: [memory], serializers: [] });
    return JSON.stringify(warnings);
  } catch (error) {
    return `${error.stack}\n${JSON.stringify(error)}\n${error.cause === undefined ? "" : error.cause.stack}`;
  }
}

const texts = [];
for (const file of readFileSync(0, "utf8").split("\n").filter(Boolean)) texts.push(await shown(file));
process.stdout.write(JSON.stringify(texts));
