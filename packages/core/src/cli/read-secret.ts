import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import { UsageError } from "../errors/usage-error.ts";

/** Where a password comes from: a terminal, or a pipe. */
type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/**
 * Reads a password: at a terminal it is asked for twice and not shown, from a pipe it is the first line. Arguments would
 * be visible in the shell's history and in the process list.
 *
 * @param what what it is, with a capital letter: `Password`
 * @throws UsageError if there is none
 */
export async function readSecret(what: string, input: Input, output: NodeJS.WritableStream): Promise<string> {
  const name = what.toLowerCase();
  const isTyped = input.isTTY === true;
  // readline echoes what it edits to its output, and sets the terminal to raw mode so that this one echoes nothing.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, terminal: isTyped, historySize: 0, ...(isTyped ? { output: nowhere } : {}) });
  const next = linesOf(lines);
  try {
    if (!isTyped) return given(await next(), `no ${name} came on stdin: pipe one in, or type it at a terminal`);
    output.write(`${what} (not shown): `);
    const password = given(await next(), `no ${name} was typed; nothing was made`);
    output.write("\nAgain: ");
    if ((await next()) !== password) throw new UsageError("the two were not the same; nothing was made");
    return password;
  } finally {
    if (isTyped) output.write("\n");
    lines.close();
  }
}

/** Gives line after line; undefined if there is no other: at the end of the input, and at Ctrl+C and Ctrl+D. */
function linesOf(lines: Interface): () => Promise<string | undefined> {
  const all = lines[Symbol.asyncIterator]();
  return async () => {
    const next: IteratorResult<string, undefined> = await all.next();
    return next.value;
  };
}

function given(password: string | undefined, complaint: string): string {
  if (password === undefined || password === "") throw new UsageError(complaint);
  return password;
}
