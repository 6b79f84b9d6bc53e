import type { Place } from "./places.ts";

/** Where a text stops being JSON, and what was expected there. */
export interface JsonSlip {
  /** In UTF-16 code units from the beginning of the text. */
  readonly offset: number;
  readonly expected: string;
}

/** Is told what a text holds, in its order. */
interface Reader {
  /** A value begins, or the key of one. */
  readonly value: (offset: number, key: string | null) => void;
  /** The value has ended. */
  readonly end: () => void;
  readonly comment: (from: number, to: number) => void;
}

const BLANK = /[ \t\n\r]+/y;
const COMMENT = /\/\/[^\n]*|\/\*[^]*?\*\//y;
const STRING = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
const WORD = /true|false|null/y;

/** What may come next: a value, a key, a colon, or what follows a value. */
type Next = "value" | "first-value" | "key" | "first-key" | "colon" | "rest";

/**
 * Finds the place of the syntax error in `text`, which is JSON (RFC 8259) or has comments besides, as `// …` and
 * `/* … *\/`. Engines report it only together with the text around it, which may be a secret.
 *
 * @returns null if there is no error
 */
export function findJsonSlip(text: string, reader?: Reader): JsonSlip | null {
  // A list instead of recursion: a file may nest deeper than the stack allows.
  const open: ("{" | "[")[] = [];
  let at = 0;
  let next = "value" as Next;
  const read = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const skip = (): void => {
    for (;;) {
      const from = at;
      if (read(COMMENT)) reader?.comment(from, at);
      else if (!read(BLANK)) return;
    }
  };
  const begin = (offset: number, key: string | null = null): void => {
    if (open.at(-1) !== "{" || key !== null) reader?.value(offset, key);
  };
  const end = (): void => {
    next = "rest";
    reader?.end();
  };

  for (;;) {
    skip();
    const from = at;
    const char = text[at];
    if (next === "rest") {
      const inner = open.at(-1);
      if (inner === undefined) return char === undefined ? null : { offset: at, expected: "the end of the file" };
      const bracket = inner === "{" ? "}" : "]";
      if (char !== bracket && char !== ",") return { offset: at, expected: `a comma or ${bracket}` };
      at++;
      if (char === ",") next = inner === "{" ? "key" : "value";
      else {
        open.pop();
        end();
      }
    } else if (next === "colon") {
      if (char !== ":") return { offset: at, expected: "a colon" };
      [at, next] = [at + 1, "value"];
    } else if ((next === "first-key" && char === "}") || (next === "first-value" && char === "]")) {
      at++;
      open.pop();
      end();
    } else if (char === '"') {
      read(STRING);
      if (text[at] !== '"') return { offset: at, expected: stringExpects(text[at]) };
      at++;
      if (next === "key" || next === "first-key") {
        begin(from, text.slice(from, at));
        next = "colon";
      } else {
        begin(from);
        end();
      }
    } else if (next === "key" || next === "first-key") {
      return { offset: at, expected: next === "key" ? "a key in double quotes" : "a key in double quotes, or }" };
    } else if (char === "{" || char === "[") {
      begin(from);
      open.push(char);
      at++;
      next = char === "{" ? "first-key" : "first-value";
    } else if (read(WORD) || read(NUMBER)) {
      begin(from);
      end();
    } else return { offset: at, expected: next === "value" ? "a value" : "a value, or ]" };
  }
}

/** JSON with blanks instead of its comments, so that everything else stays in its place. */
export function withoutComments(text: string): string {
  const parts: string[] = [];
  let done = 0;
  const comment = (from: number, to: number): void => {
    parts.push(text.slice(done, from), text.slice(from, to).replace(/[^\n]/g, " "));
    done = to;
  };
  findJsonSlip(text, { comment, value: () => undefined, end: () => undefined });
  return parts.join("") + text.slice(done);
}

/** Where the values of a text of JSON stand; null if it has a syntax error. */
export function parseJsonPlaces(text: string): Place | null {
  const root = { line: 1, members: new Map<string | number, Place>() };
  const open = [root];
  let [line, seen] = [1, 0];
  const value = (offset: number, key: string | null): void => {
    for (let end = text.indexOf("\n", seen); end !== -1 && end < offset; end = text.indexOf("\n", seen)) {
      line++;
      seen = end + 1;
    }
    const members = open.at(-1)?.members ?? root.members;
    const place = { line, members: new Map<string | number, Place>() };
    members.set(key === null ? members.size : (JSON.parse(key) as string), place);
    open.push(place);
  };
  const slip = findJsonSlip(text, { value, end: () => void open.pop(), comment: () => undefined });
  return slip === null ? (root.members.get(0) ?? null) : null;
}

function stringExpects(found: string | undefined): string {
  if (found === "\\") return "an escape that JSON knows";
  return found === undefined
    ? "the double quote that ends a string"
    : "the double quote that ends a string in its line";
}
