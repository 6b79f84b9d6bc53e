import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

/** A code block of a page, as a reader sees it. */
export interface DocBlock {
  /** `docs/guides/operations.md`. */
  readonly page: string;
  /** The line of the page where its text begins. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** What an HTML comment before it says; null where there is none. */
  readonly note: DocNote | null;
}

/**
 * What a page says of its blocks in an HTML comment, which readers do not see:
 *
 * - `file: index.ts`: the next block is that file, for the page's other blocks to import. With more lines the comment
 *   itself holds the file.
 * - `fragment: …`: the next block stands among other code, of which these are the declarations.
 * - `fragments: …`: so does each block of the page that has no comment of its own.
 * - `foreign: …`: the next block is for another program, which the comment names.
 */
export interface DocNote {
  readonly kind: "file" | "fragment" | "fragments" | "foreign";
  readonly text: string;
  readonly line: number;
}

export interface DocPage {
  readonly name: string;
  readonly blocks: readonly DocBlock[];
  /** Files that stand in comments alone, by name. */
  readonly hidden: readonly { readonly name: string; readonly line: number; readonly text: string }[];
}

/** All pages that users read: README.md, docs/ and the README of each package and example. */
export function docPages(): DocPage[] {
  const below = (folder: string): string[] =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md") && !name.includes("node_modules"))
      .map((name) => join(folder, name));
  const packages = readdirSync(join(ROOT, "packages")).map((name) => `packages/${name}/README.md`);
  return ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...below("docs"), ...below("examples"), ...packages]
    .filter((name) => existsSync(join(ROOT, name)))
    .map((name) => parsePage(name, readFileSync(join(ROOT, name), "utf8")));
}

const NOTE = /^<!-- (file|fragment|fragments|foreign): ?(.*?)(?: ?-->)?$/;

/** Reads the blocks of a page, and what its comments say of them. */
export function parsePage(name: string, text: string): DocPage {
  const lines = text.split("\n");
  const blocks: DocBlock[] = [];
  const hidden: { name: string; line: number; text: string }[] = [];
  let note: DocNote | null = null;
  let common: DocNote | null = null;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const [, fence, language] = /^( *`{3,})([^`]*)$/.exec(line) ?? [];
    if (fence !== undefined) {
      const end = lines.findIndex((other, i) => i > at && other.trimEnd() === fence);
      if (end === -1) throw new Error(`${name}:${at + 1}: the block has no end`);
      const body = lines.slice(at + 1, end).join("\n");
      blocks.push({ page: name, line: at + 2, language: language?.trim() ?? "", text: body, note: note ?? common });
      note = null;
      at = end;
    } else if (NOTE.test(line)) {
      const end = lines.findIndex((other, i) => i >= at && other.endsWith("-->"));
      const [, kind, first = ""] = NOTE.exec(line) ?? [];
      const rest = lines
        .slice(at + 1, end + 1)
        .join("\n")
        .replace(/\s*-->$/, "");
      const found = { kind: kind as DocNote["kind"], line: at + 1, text: first + (rest === "" ? "" : `\n${rest}`) };
      if (found.kind === "fragments") common = found;
      else if (found.kind === "file" && rest !== "") hidden.push({ name: first, line: at + 2, text: rest });
      else note = found;
      at = end;
    } else if (line.trim() !== "") {
      if (note !== null) throw new Error(`${name}:${note.line}: no block follows the comment`);
    }
  }
  return { name, blocks, hidden };
}

/** The page and line of a block, for messages. */
export const placeOf = ({ page, line }: DocBlock): string => `${page}:${line}`;
