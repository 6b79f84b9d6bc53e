/** Where a text stops being JSON, and what was expected there. */
export interface JsonSlip {
  /** In UTF-16 code units from the beginning of the text. */
  readonly offset: number;
  readonly expected: string;
}

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
const WORD = /true|false|null/y;

/** What may come next: a value, a key, a colon, or what follows a value. */
type Next = "value" | "first-value" | "key" | "first-key" | "colon" | "rest";

/**
 * Finds the place of the syntax error in `text`, which `JSON.parse` refused (RFC 8259). Engines report it only together
 * with the text around it, which may be a secret.
 *
 * @returns null if there is no error
 */
export function findJsonSlip(text: string): JsonSlip | null {
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
  const close = (): void => {
    open.pop();
    at++;
    next = "rest";
  };

  for (;;) {
    read(SPACE);
    const char = text[at];
    if (next === "rest") {
      const inner = open.at(-1);
      if (inner === undefined) return char === undefined ? null : { offset: at, expected: "the end of the file" };
      const end = inner === "{" ? "}" : "]";
      if (char === end) close();
      else if (char === ",") [at, next] = [at + 1, inner === "{" ? "key" : "value"];
      else return { offset: at, expected: `a comma or ${end}` };
    } else if (next === "colon") {
      if (char !== ":") return { offset: at, expected: "a colon" };
      [at, next] = [at + 1, "value"];
    } else if (next === "first-key" && char === "}") close();
    else if (next === "first-value" && char === "]") close();
    else if (char === '"') {
      read(STRING);
      if (text[at] !== '"') return { offset: at, expected: stringExpects(text[at]) };
      at++;
      next = next === "key" || next === "first-key" ? "colon" : "rest";
    } else if (next === "key" || next === "first-key") {
      return { offset: at, expected: next === "key" ? "a key in double quotes" : "a key in double quotes, or }" };
    } else if (char === "{" || char === "[") {
      open.push(char);
      at++;
      next = char === "{" ? "first-key" : "first-value";
    } else if (read(WORD) || read(NUMBER)) next = "rest";
    else return { offset: at, expected: next === "value" ? "a value" : "a value, or ]" };
  }
}

function stringExpects(found: string | undefined): string {
  if (found === "\\") return "an escape that JSON knows";
  return found === undefined
    ? "the double quote that ends a string"
    : "the double quote that ends a string in its line";
}
