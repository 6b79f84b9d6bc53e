import { join } from "node:path";
import { load } from "js-yaml";
import ts from "typescript";
import { compilerHost } from "./compiler-host.ts";
import { type DocBlock, type DocPage, ROOT } from "./doc-blocks.ts";

/** A file of the program that is made of the pages. */
interface Source {
  readonly text: string;
  /** Of JavaScript: what has no type is nothing to complain of. */
  readonly loose: boolean;
  /** The place in the page of a line of `text`, both counted from 0. */
  readonly placeOf: (line: number) => string;
}

/** `tsc --strict`, as a user's project for Node has it: the types of browsers would take half of the time. */
export const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2023,
  lib: ["lib.es2023.d.ts"],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ["node"],
  skipLibCheck: true,
};

/** Parameters, bindings and packages without types, and values of type unknown: JavaScript cannot say what they are. */
const UNTYPED = new Set([7006, 7016, 7019, 7031, 18046]);

/**
 * Compiles the JavaScript and TypeScript of all pages in one program, and Kubernetes' manifests by its types.
 *
 * @returns what is wrong, by page and line
 */
export function codeProblems(pages: readonly DocPage[]): string[] {
  const sources = new Map<string, Source>();
  for (const page of pages) {
    const file = (name: string): string => join(ROOT, "test/code-of-pages", page.name, name);
    for (const block of page.blocks.filter(isCode)) {
      const name = block.note?.kind === "file" ? block.note.text : `line-${block.line}.${block.language}`;
      sources.set(file(asTypeScript(name)), sourceOf(block));
    }
    for (const block of page.blocks.filter(isManifest)) sources.set(file(`line-${block.line}.ts`), manifestOf(block));
    for (const { name, line, text } of page.hidden.filter(({ name }) => /\.[mc]?[jt]s$/.test(name))) {
      const placeOf = (at: number): string => `${page.name}:${line + at}`;
      sources.set(file(asTypeScript(name)), { text, loose: name.endsWith("js"), placeOf });
    }
  }
  const texts = new Map([...sources].map(([name, { text }]) => [name, text]));
  const program = ts.createProgram([...sources.keys()], OPTIONS, compilerHost(OPTIONS, texts));
  return ts.getPreEmitDiagnostics(program).flatMap((found) => {
    const text = ts.flattenDiagnosticMessageText(found.messageText, "\n");
    const source = found.file === undefined ? undefined : sources.get(found.file.fileName);
    if (found.file === undefined || source === undefined) return [text];
    if (source.loose && UNTYPED.has(found.code)) return [];
    const { line } = found.file.getLineAndCharacterOfPosition(found.start ?? 0);
    return [`${source.placeOf(line)}: ${text}`];
  });
}

export const isCode = ({ language }: DocBlock): boolean => language === "js" || language === "ts";

/** JavaScript is compiled as TypeScript too: so nothing is passed over that tsc lets JavaScript do. */
const asTypeScript = (name: string): string => name.replace(/js$/, "ts");

function sourceOf({ page, line, language, text, note }: DocBlock): Source {
  const among = note?.kind === "fragment" || note?.kind === "fragments" ? note : null;
  const before = among === null ? [] : among.text.split("\n");
  return {
    // At its end, so that lines stay: without import or export it would be a script that shares its names.
    text: [...before, text, "export {};"].join("\n"),
    loose: language === "js",
    placeOf: (at) => `${page}:${among !== null && at < before.length ? among.line + at : line + at - before.length}`,
  };
}

const isManifest = ({ note }: DocBlock): boolean => note?.kind === "foreign" && note.text === "kubernetes";

/** A manifest as an object literal, of which the compiler also finds keys that the type of its kind does not have. */
function manifestOf({ page, line, text }: DocBlock): Source {
  const manifest = load(text) as { apiVersion: string; kind: string };
  const { apiVersion, kind } = manifest;
  const from = `kubernetes-types/${apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`}.js`;
  const code = `import type { ${kind} } from "${from}";\nexport const manifest: ${kind} = ${JSON.stringify(manifest)};`;
  return { text: code, loose: false, placeOf: () => `${page}:${line}` };
}
