import { randomUUID } from "node:crypto";
import { realpath, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { syntaxPlaceOf } from "../errors/syntax-error.ts";
import { thrownText } from "../errors/thrown.ts";
import { atPlace, Unreadable } from "./parse.ts";

const { cache } = createRequire(import.meta.url);
let reads = 0;

/**
 * The default export of a config in JavaScript. Node caches modules by their URL, and CommonJS modules also by their
 * path, but a reload needs the current file.
 *
 * @throws Unreadable that shows no text of the file, only what its author threw
 */
export async function importConfig(file: string): Promise<unknown> {
  const path = await realpath(file);
  Reflect.deleteProperty(cache, path);
  try {
    const module = (await import(`${pathToFileURL(path).href}?read=${++reads}`)) as { default?: unknown };
    return module.default;
  } catch (error) {
    const place = await syntaxPlaceOf(path, error);
    throw new Unreadable(place === null ? thrownText(error) : atPlace(place.line, place.column, place.words));
  }
}

/** The default export of a config in TypeScript. @throws Unreadable, also if the package typescript is missing */
export async function importTypescriptConfig(file: string, text: string): Promise<unknown> {
  const path = await realpath(file);
  const compiled = `${path}.${randomUUID()}.mjs`;
  const code = await transpiled(path, text);
  try {
    // The config may hold secrets, and its own file may be readable only by its owner.
    await writeFile(compiled, code, { flag: "wx", mode: 0o600 });
    return await importConfig(compiled);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    // The lines of the compiled file are not those that the author sees.
    throw new Unreadable(error.message.replace(/ at [^\n]*\.mjs:\d+(?::\d+)?(?=: )/, "").replaceAll(compiled, path));
  } finally {
    await rm(compiled, { force: true });
  }
}

async function transpiled(path: string, text: string): Promise<string> {
  const typescript = await import("typescript").catch(() => {
    throw new Unreadable("a config in TypeScript needs the package typescript; run: npm install typescript");
  });
  const { transpileModule, ModuleKind, ScriptTarget, getLineAndCharacterOfPosition } = typescript.default;
  const { outputText, diagnostics = [] } = transpileModule(text, {
    fileName: path,
    reportDiagnostics: true,
    compilerOptions: { module: ModuleKind.ES2022, target: ScriptTarget.ES2022 },
  });
  const [first] = diagnostics;
  if (first === undefined) return outputText;
  const words = typeof first.messageText === "string" ? first.messageText : first.messageText.messageText;
  if (first.file === undefined || first.start === undefined) throw new Unreadable(wordsOnly(words));
  const { line, character } = getLineAndCharacterOfPosition(first.file, first.start);
  throw new Unreadable(atPlace(line + 1, character + 1, wordsOnly(words)));
}

/** A compiler's message, if it quotes only a punctuation mark; the quoted text may be a secret. */
function wordsOnly(message: string): string {
  const isFixed = !/['"`]/.test(message) || /^'[^\w\s'"`]{1,3}' expected\.$/.test(message);
  return isFixed
    ? message.replace(/\.$/, "").replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())
    : "syntax error";
}
