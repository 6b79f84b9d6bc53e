import type { MatchPolicy } from "../wamp/uri.ts";
import { PatternTree } from "./pattern-tree.ts";

/** The value of a wildcard, and the wildcard itself, which decides its precedence. */
interface Wildcard<T> {
  readonly pattern: string;
  readonly value: T;
}

/**
 * Maps URIs and patterns of URIs to values. The cost of a look-up is bounded by the URI, not by the patterns. Adding or
 * deleting a pattern costs its length.
 */
export class PatternIndex<T> {
  readonly #exact = new Map<string, T>();
  readonly #prefix = new Map<string, T>();
  readonly #wildcard = new Map<string, T>();
  readonly #prefixes = new PatternTree<T>();
  readonly #wildcards = new PatternTree<Wildcard<T>>();

  /** How many tree nodes all look-ups have visited so far: a measure of their cost. */
  get visited(): number {
    return this.#prefixes.visited + this.#wildcards.visited;
  }

  get(match: MatchPolicy, uri: string): T | undefined {
    return this.#mapOf(match).get(uri);
  }

  set(match: MatchPolicy, uri: string, value: T): void {
    this.#mapOf(match).set(uri, value);
    if (match === "prefix") this.#prefixes.set(uri, value);
    else if (match === "wildcard") this.#wildcards.set(uri, { pattern: uri, value });
  }

  delete(match: MatchPolicy, uri: string): void {
    if (!this.#mapOf(match).delete(uri)) return;
    if (match === "prefix") this.#prefixes.delete(uri);
    else if (match === "wildcard") this.#wildcards.delete(uri);
  }

  /** The values of all URIs and patterns that match `uri`: exact, then prefixes from the longest, then wildcards. */
  matching(uri: string): readonly T[] {
    const exact = this.#exact.get(uri);
    if (this.#prefix.size === 0 && this.#wildcard.size === 0) return exact === undefined ? [] : [exact];
    const found: T[] = exact === undefined ? [] : [exact];
    if (this.#prefix.size > 0) for (const value of this.#prefixes.prefixesOf(uri)) found.push(value);
    if (this.#wildcard.size > 0) for (const { value } of this.#wildcards.wildcardsOf(uri)) found.push(value);
    return found;
  }

  /**
   * As `matching`, but only for patterns, and in the order of their precedence (spec,
   * advanced/rpc_pattern_based_registration): the longest prefix, the wildcard with the longest run of components
   * before its first empty one, and so on.
   */
  patternsOf(uri: string): readonly T[] {
    const prefixes = this.#prefix.size === 0 ? [] : this.#prefixes.prefixesOf(uri);
    const wildcards = this.#wildcard.size === 0 ? [] : this.#wildcards.wildcardsOf(uri);
    if (wildcards.length === 0) return prefixes;
    return [...prefixes, ...byPrecedence(wildcards).map(({ value }) => value)];
  }

  values(match: MatchPolicy): Iterable<T> {
    return this.#mapOf(match).values();
  }

  #mapOf(match: MatchPolicy): Map<string, T> {
    if (match === "exact") return this.#exact;
    return match === "prefix" ? this.#prefix : this.#wildcard;
  }
}

function byPrecedence<T>(wildcards: readonly Wildcard<T>[]): readonly Wildcard<T>[] {
  if (wildcards.length === 1) return wildcards;
  const shaped = wildcards.map((wildcard) => ({ wildcard, shape: shapeOf(wildcard.pattern) }));
  return shaped.sort((a, b) => compareShapes(a.shape, b.shape)).map(({ wildcard }) => wildcard);
}

/** What decides the precedence of a wildcard. */
interface Shape {
  /** Numbers of literal components in a row: before the first empty one, between it and the next, and so on. */
  readonly runs: readonly number[];
  /** For each component, `x` if it must be equal, `.` if it is empty. */
  readonly text: string;
}

function shapeOf(pattern: string): Shape {
  const text = pattern
    .split(".")
    .map((part) => (part === "" ? "." : "x"))
    .join("");
  const [head = "", ...rest] = text.split(/\.+/);
  return { text, runs: [head.length, ...rest.map((run) => run.length)] };
}

function compareShapes(a: Shape, b: Shape): number {
  for (let i = 0; i < Math.max(a.runs.length, b.runs.length); i++) {
    const difference = (b.runs[i] ?? 0) - (a.runs[i] ?? 0);
    if (difference !== 0) return difference;
  }
  // The spec leaves this open: the pattern whose literal component comes first wins. "x" is after "." in Unicode.
  return a.text < b.text ? 1 : -1;
}
