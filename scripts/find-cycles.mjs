// `node scripts/find-cycles.mjs FOLDER …`: lists the import cycles among the TypeScript files of each folder, tests
// left out. Type imports count too: to read one of the files you must read them all. (import-x/no-cycle ignores them.)
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";

/** The cycles among the files of `folder`, each a list of paths in it. */
function cyclesIn(folder) {
  const files = readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => join(folder, name));
  const imports = new Map(files.map((file) => [file, importsOf(file)]));
  return components(imports).map((circle) => circle.map((file) => relative(folder, file)).sort());
}

function importsOf(file) {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, "utf8"), true, true);
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => name.startsWith("."))
    .map((name) => resolve(dirname(file), name));
}

/** The strongly connected components with more than one member (Tarjan). */
function components(graph) {
  const [order, low, stack, found] = [new Map(), new Map(), [], []];
  const visit = (node) => {
    order.set(node, order.size);
    low.set(node, order.get(node));
    stack.push(node);
    for (const next of graph.get(node)) {
      if (!graph.has(next)) continue;
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node), low.get(next)));
    }
    if (low.get(node) !== order.get(node)) return;
    const component = stack.splice(stack.indexOf(node));
    if (component.length > 1) found.push(component);
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return found;
}

const folders = process.argv.slice(2);
const circles = folders.flatMap((folder) =>
  cyclesIn(resolve(folder)).map(
    (circle) => `${folder}: these files import each other in a circle: ${circle.join(", ")}`,
  ),
);
for (const line of circles) console.error(line);
if (circles.length > 0) process.exitCode = 1;
