import { load, type YAMLException } from "js-yaml";
import { findJsonSlip, withoutComments } from "./json-scan.ts";

/**
 * A file that cannot be read. The message names the place and what was expected there, but not the text: it may be a
 * secret.
 */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

/** `line 3, column 7: …`, both counted from 1. */
export function atPlace(line: number, column: number, what: string): string {
  return `line ${line}, column ${column}: ${what}`;
}

/** Reads JSON, which may have comments. @throws Unreadable naming the place of the syntax error */
export function parseJson(text: string): unknown {
  const plain = text.startsWith("\uFEFF") ? text.slice(1) : text;
  try {
    return JSON.parse(plain);
  } catch {
    const slip = findJsonSlip(plain);
    if (slip === null) return JSON.parse(withoutComments(plain));
    const before = plain.slice(0, slip.offset).split("\n");
    throw new Unreadable(atPlace(before.length, (before.at(-1)?.length ?? 0) + 1, `expected ${slip.expected}`));
  }
}

/** Reads YAML. @throws Unreadable naming the place of the syntax error */
export function parseYaml(text: string): unknown {
  try {
    return load(text);
  } catch (error) {
    const { reason, mark } = error as Partial<YAMLException>;
    const what = typeof reason === "string" ? withoutText(reason) : "it is not YAML";
    throw new Unreadable(mark === undefined ? what : atPlace(mark.line + 1, mark.column + 1, what));
  }
}

/** At the end of js-yaml's reasons there is text of the file, after a colon, a quotation mark or the sign of a tag. */
function withoutText(reason: string): string {
  const words = reason.replace(/\s*[:"<!].*$/s, "");
  if (words === "unidentified alias") return `${words}; a text that begins with * must be in quotes`;
  if (words === "unknown tag") return `${words}; a text that begins with ! must be in quotes`;
  return words;
}
