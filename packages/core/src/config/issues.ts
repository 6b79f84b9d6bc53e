import type { ConfigIssue } from "../errors/config-error.ts";
import type { Schema, SchemaIssue } from "../contract/schema.ts";
import { isDict } from "../wamp/messages.ts";
import type { Locate } from "./places.ts";
import { jsonSchemaOf, keysOf, nodesAt } from "./schema-nodes.ts";
import { shownKey } from "./shown.ts";
import { didYouMean } from "./suggest.ts";
import { type DetailedIssue, isOfKind, sentence } from "./words.ts";

export type Path = readonly (string | number)[];

/** Collects the problems of a config, so that all of them are reported at once. */
export class Issues {
  readonly found: ConfigIssue[] = [];
  readonly #settled: Path[] = [];
  readonly #locate: Locate;

  /** @param locate gives the line of a path in the config's file */
  constructor(locate: Locate = () => null) {
    this.#locate = locate;
  }

  /**
   * @param cause what was thrown, if anything
   * @param place the path that has the problem, where it is not the one to show
   */
  add(path: Path, message: string, cause?: unknown, place: Path = path): void {
    if (this.found.some((other) => other.message === message && same(other.path, path))) return;
    if (this.#settled.some((settled) => same(settled, place.slice(0, settled.length)))) return;
    const line = this.#locate(place);
    this.found.push({ path, message, ...(line === null ? {} : { line }), ...(cause === undefined ? {} : { cause }) });
  }

  /**
   * Adds a problem: no schema knows `key` of `mapping`, which is at `at`. It may be a value that lost its own key.
   *
   * @param hint `did you mean …`, if it is similar to a known one
   * @param guess the same, if it is not similar
   */
  addUnknownKey(at: Path, key: string, mapping: unknown, hint: string, guess = ""): void {
    this.add([...at, shownKey(key, mapping, hint)], `unknown key${hint || guess}`, undefined, [...at, key]);
  }

  /** What is wrong at `path` and below it has been told: what is added there later follows from that. */
  settle(path: Path): void {
    this.#settled.push(path);
  }
}

function same(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((key, i) => key === b[i]);
}

/** What the checks of a config share. */
export interface Check {
  readonly issues: Issues;
  /** Whether the whole string at this path was `${NAME}`: then it may be a number or a boolean. */
  readonly fromEnvironment: (path: Path) => boolean;
  /** Keys that are known beside those of the schema, for "did you mean". */
  readonly beside?: readonly string[];
}

export interface Checked {
  readonly value: unknown;
}

/**
 * Checks `value`, which is at `at`, by any Standard Schema. Problems go to the issues.
 * @returns null if there was a problem
 */
export async function checkBySchema(schema: Schema, value: unknown, at: Path, check: Check): Promise<Checked | null> {
  let root = value;
  let result = await schema["~standard"].validate(root);
  if (result.issues !== undefined) {
    root = converted(root, result.issues, at, check);
    result = await schema["~standard"].validate(root);
  }
  if (result.issues === undefined) return { value: result.value };
  const report = new Report(schema, root, at, check);
  for (const issue of result.issues.flatMap(detailsOf)) report.add(issue);
  report.end();
  return null;
}

/** Converts strings of the environment that the schema refused to numbers or booleans. */
function converted(value: unknown, issues: readonly SchemaIssue[], at: Path, check: Check): unknown {
  let root = value;
  for (const issue of issues) {
    const inner = pathOf(issue);
    const text = valueAt(root, inner);
    if (typeof text !== "string" || !check.fromEnvironment([...at, ...inner])) continue;
    if (text === "true" || text === "false") root = replaced(root, inner, text === "true");
    else if (text.trim() !== "" && Number.isFinite(Number(text))) root = replaced(root, inner, Number(text));
  }
  return root;
}

function replaced(root: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(root)) return root.map((item, i) => (i === key ? replaced(item, rest, value) : (item as unknown)));
  const copy = { ...(root as Record<string, unknown>) };
  copy[key] = replaced(copy[key], rest, value);
  return copy;
}

/** A union's own message says only "invalid". The problems of the branch that got furthest say more. */
function detailsOf(issue: DetailedIssue): DetailedIssue[] {
  const branch = issue.code === "invalid_union" ? deepest(issue.errors ?? []) : null;
  if (branch === null) return [issue];
  return branch.flatMap((inner) => detailsOf({ ...inner, path: [...pathOf(issue), ...pathOf(inner)] }));
}

function deepest(branches: readonly (readonly DetailedIssue[])[]): readonly DetailedIssue[] | null {
  const depth = (branch: readonly DetailedIssue[]): number =>
    Math.max(0, ...branch.map((issue) => pathOf(issue).length));
  const [best] = [...branches].sort((a, b) => depth(b) - depth(a));
  return best !== undefined && depth(best) > 0 ? best : null;
}

/** The problems that one schema has with a value. A key that was misspelt is not missing as well. */
class Report {
  readonly #schema: Schema;
  readonly #root: unknown;
  readonly #at: Path;
  readonly #check: Check;
  readonly #told: Path[] = [];
  /** The unknown keys, and the paths of missing values. */
  readonly #unknown: { readonly at: Path; readonly key: string }[] = [];
  readonly #missing: { readonly path: Path; readonly message: string }[] = [];

  constructor(schema: Schema, root: unknown, at: Path, check: Check) {
    this.#schema = schema;
    this.#root = root;
    this.#at = at;
    this.#check = check;
  }

  add(issue: DetailedIssue): void {
    const path = pathOf(issue);
    if (issue.code === "unrecognized_keys") {
      this.#unknown.push(...(issue.keys ?? []).map((key) => ({ at: path, key })));
      return;
    }
    // What a schema finds at one place besides the first problem follows from it.
    if (this.#told.some((other) => same(other, path))) return;
    this.#told.push(path);
    const full = [...this.#at, ...path];
    const found = valueAt(this.#root, path);
    const nodes = nodesAt(this.#schema, this.#root, path);
    const message = sentence(issue, found, nodes, !this.#check.fromEnvironment(full));
    if (found === undefined && path.length > 0) this.#missing.push({ path, message });
    else this.#check.issues.add(full, message);
  }

  end(): void {
    for (const { at, key } of this.#unknown) {
      const mapping = valueAt(this.#root, at);
      const beside = at.length === 0 ? (this.#check.beside ?? []) : [];
      const known = [...keysOf(nodesAt(this.#schema, this.#root, at)), ...beside];
      const free = known.filter((name) => !isDict(mapping) || !Object.hasOwn(mapping, name));
      const hint = this.#belongsIn(at, key, known) || didYouMean(key, free) || didYouMean(key, known);
      const guess = hint === "" ? this.#onlyMissing(at, key) : "";
      this.#forget(at, hint || guess);
      this.#check.issues.addUnknownKey([...this.#at, ...at], key, mapping, hint, guess);
    }
    for (const { path, message } of this.#missing) this.#check.issues.add([...this.#at, ...path], message);
  }

  /** The key beside this one whose dictionary knows it. */
  #belongsIn(at: Path, key: string, known: readonly string[]): string {
    const home = known.find((name) => keysOf(nodesAt(this.#schema, this.#root, [...at, name])).includes(key));
    return home === undefined ? "" : `; it belongs in "${home}"`;
  }

  /** The one key that is missing where there is one unknown key, if the value is of its kind. */
  #onlyMissing(at: Path, key: string): string {
    const isHere = ({ path }: { path: Path }): boolean => same(path.slice(0, -1), at);
    const [missing, ...others] = this.#missing.filter(isHere);
    if (missing === undefined || others.length > 0) return "";
    if (this.#unknown.filter((other) => same(other.at, at)).length > 1) return "";
    const value = valueAt(this.#root, [...at, key]);
    const fits = nodesAt(this.#schema, this.#root, missing.path).some((node) => isOfKind(value, node));
    return fits ? `; did you mean "${missing.path.at(-1)}"?` : "";
  }

  /** A key that an unknown key was probably meant for is not missing. */
  #forget(at: Path, hint: string): void {
    const [, meant] = /"(.+)"/.exec(hint) ?? [];
    const index = this.#missing.findIndex(({ path }) => meant !== undefined && same(path, [...at, meant]));
    if (index !== -1) this.#missing.splice(index, 1);
  }
}

function pathOf({ path = [] }: SchemaIssue): (string | number)[] {
  return path.map((step) => {
    const key = typeof step === "object" ? step.key : step;
    return typeof key === "symbol" ? String(key) : key;
  });
}

/** The value at `path` in a value from outside. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    return (value as Record<string | number, unknown>)[key];
  }, root);
}

/** Keys of `input` that a lax schema dropped silently: they are unknown too. */
export function droppedKeys(schema: Schema, input: unknown, output: unknown): { key: string; hint: string }[] {
  if (!isDict(input)) return [];
  const known = jsonSchemaOf(schema)?.["properties"];
  const names = isDict(known) ? Object.keys(known) : isDict(output) ? Object.keys(output) : null;
  if (names === null) return [];
  return Object.keys(input)
    .filter((key) => !names.includes(key))
    .map((key) => ({ key, hint: didYouMean(key, names) }));
}
