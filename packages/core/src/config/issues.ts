import type { ConfigIssue } from "../errors/config-error.ts";
import type { Schema, SchemaIssue } from "../contract/schema.ts";
import { isDict, kindOf } from "../wamp/messages.ts";
import type { Locate } from "./places.ts";
import { shownKey } from "./shown.ts";
import { didYouMean } from "./suggest.ts";

export type Path = readonly (string | number)[];

/** Collects the problems of a config, so that all of them are reported at once. */
export class Issues {
  readonly found: ConfigIssue[] = [];
  readonly #locate: Locate;

  /** @param locate gives the line of a path in the config's file */
  constructor(locate: Locate = () => null) {
    this.#locate = locate;
  }

  /**
   * @param cause what was thrown, if anything
   * @param place the path to locate, where it is another one
   */
  add(path: Path, message: string, cause?: unknown, place: Path = path): void {
    if (this.found.some((other) => other.message === message && same(other.path, path))) return;
    const line = this.#locate(place);
    this.found.push({ path, message, ...(line === null ? {} : { line }), ...(cause === undefined ? {} : { cause }) });
  }

  /** Adds a problem: no schema knows `key` of `mapping`, which is at `at`. It may be a value that lost its own key. */
  addUnknownKey(at: Path, key: string, mapping: unknown, hint: string): void {
    this.add([...at, shownKey(key, mapping, hint)], `unknown key${hint}`, undefined, [...at, key]);
  }
}

function same(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((key, i) => key === b[i]);
}

/** The keys of zod's issues that Standard Schema does not have. Other libraries lack them. */
interface DetailedIssue extends SchemaIssue {
  readonly code?: string;
  readonly keys?: readonly string[];
  readonly expected?: string;
  readonly values?: readonly unknown[];
  readonly errors?: readonly (readonly DetailedIssue[])[];
  readonly note?: string;
}

/** What the checks of a config share. */
export interface Check {
  readonly issues: Issues;
  /** Whether the whole string at this path was `${NAME}`: then it may be a number or a boolean. */
  readonly fromEnvironment: (path: Path) => boolean;
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
  for (const issue of result.issues) report(issue, root, schema, at, check.issues);
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

function report(issue: DetailedIssue, root: unknown, schema: Schema, at: Path, issues: Issues): void {
  const inner = pathOf(issue);
  if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys ?? []) {
      const hint = didYouMean(key, knownKeys(schema, inner));
      issues.addUnknownKey([...at, ...inner], key, valueAt(root, inner), hint);
    }
    return;
  }
  const found = valueAt(root, inner);
  // A union's own message says only "invalid". The branch that got furthest says more.
  const branch = issue.code === "invalid_union" ? deepest(issue.errors ?? []) : null;
  if (branch !== null) {
    for (const detail of branch) report({ ...detail, path: [...inner, ...pathOf(detail)] }, root, schema, at, issues);
    return;
  }
  issues.add([...at, ...inner], sentence(issue, found));
}

/** What was expected and what was found: only the kind, since the value may be a secret. */
function sentence(issue: DetailedIssue, found: unknown): string {
  if (issue.code === "invalid_type" && issue.message.startsWith("Invalid input"))
    return `expected ${WORDS[issue.expected ?? ""] ?? issue.expected}, found ${kindOf(found)}`;
  if (issue.code === "invalid_value") {
    const known = (issue.values ?? []).map(String);
    const hint = typeof found === "string" ? didYouMean(found, known) : "";
    return `expected ${known.map((word) => `"${word}"`).join(" or ")}, found ${kindOf(found)}${hint}`;
  }
  if (issue.code === "invalid_union") return `expected ${issue.note ?? "one of several forms"}, found ${kindOf(found)}`;
  return issue.code === "custom" || issue.code === "invalid_type"
    ? issue.message
    : `${issue.message.replace(/^Invalid input: /, "")}, found ${kindOf(found)}`;
}

const WORDS: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a dictionary",
  record: "a dictionary",
};

function deepest(branches: readonly (readonly DetailedIssue[])[]): readonly DetailedIssue[] | null {
  const depth = (branch: readonly DetailedIssue[]): number =>
    Math.max(0, ...branch.map((issue) => pathOf(issue).length));
  const [best] = [...branches].sort((a, b) => depth(b) - depth(a));
  return best !== undefined && depth(best) > 0 ? best : null;
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

/**
 * The keys that a schema knows at `path`, if it can give a JSON Schema, as zod's can; else none, and there is no
 * suggestion.
 */
function knownKeys(schema: Schema, path: Path): string[] {
  const json = jsonSchemaOf(schema);
  let node: unknown = json;
  for (const key of path) {
    const { properties, additionalProperties, items } = isDict(node) ? node : {};
    const own = isDict(properties) && Object.hasOwn(properties, key) ? properties[String(key)] : undefined;
    node = own ?? (typeof key === "number" ? items : additionalProperties);
  }
  return isDict(node) && isDict(node["properties"]) ? Object.keys(node["properties"]) : [];
}

/** The JSON Schema of a Standard Schema (https://standardschema.dev/json-schema), or null. */
export function jsonSchemaOf(schema: Schema): Record<string, unknown> | null {
  const { jsonSchema } = schema["~standard"] as { jsonSchema?: { input(options: object): Record<string, unknown> } };
  try {
    return jsonSchema?.input({ target: "draft-2020-12", libraryOptions: { unrepresentable: "any" } }) ?? null;
  } catch {
    return null;
  }
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
