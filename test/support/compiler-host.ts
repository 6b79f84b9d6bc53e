import { join } from "node:path";
import ts from "typescript";
import { ROOT } from "./doc-blocks.ts";

/** Lets the compiler read files of the disk, and beside or instead of them `texts`, by path. */
export function compilerHost(options: ts.CompilerOptions, texts: ReadonlyMap<string, string>): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const folders = [...texts.keys()].map((name) => join(name, ".."));
  return {
    ...host,
    getCurrentDirectory: () => ROOT,
    fileExists: (name) => texts.has(name) || host.fileExists(name),
    readFile: (name) => texts.get(name) ?? host.readFile(name),
    directoryExists: (name) =>
      folders.some((folder) => folder.startsWith(name)) || host.directoryExists?.(name) === true,
    getSourceFile(name, version) {
      const text = texts.get(name) ?? host.readFile(name);
      return text === undefined ? undefined : ts.createSourceFile(name, text, version);
    },
  };
}
