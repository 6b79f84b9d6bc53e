import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { thrownText } from "./thrown.ts";

/** How long Node may take to look for a syntax error, in milliseconds. */
const CHECK_TIMEOUT = 5000;

const run = promisify(execFile);

/** Where the syntax of a file is wrong. It shows no text of the file, which may hold secrets. */
export interface SyntaxPlace {
  readonly line: number;
  readonly column: number;
  /** What the parser said. */
  readonly words: string;
}

/**
 * Where the module `path` has a syntax error: `import` does not tell, but `node --check` does.
 * @param error what `import` has thrown
 * @returns null if it is another error, or if the module itself is fine and one that it imports is not
 */
export async function syntaxPlaceOf(path: string, error: unknown): Promise<SyntaxPlace | null> {
  const text = thrownText(error);
  if (!text.startsWith("SyntaxError: ")) return null;
  try {
    await run(process.execPath, ["--check", path], { timeout: CHECK_TIMEOUT });
    return null;
  } catch (failed) {
    const { stderr } = failed as { stderr?: unknown };
    if (typeof stderr !== "string") return null;
    const [, line] = /^(?:file:\/\/)?\/.*:(\d+)$/m.exec(stderr) ?? [];
    const column = /^\s*(?=\^)/m.exec(stderr)?.[0].length;
    if (line === undefined || column === undefined) return null;
    return { line: Number(line), column: column + 1, words: text.slice("SyntaxError: ".length) };
  }
}

/** What a module has thrown when it was imported, as `thrownText`, with the place of a syntax error. */
export async function importErrorText(path: string, error: unknown): Promise<string> {
  const place = await syntaxPlaceOf(path, error);
  return place === null ? thrownText(error) : `SyntaxError at ${path}:${place.line}:${place.column}: ${place.words}`;
}
