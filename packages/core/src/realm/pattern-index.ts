import type { MatchPolicy } from "../wamp/uri.ts";

/** Wildcard patterns of one shape: the same components left empty. */
interface Shape<T> {
  /** For each component, whether it must be equal. */
  readonly literal: readonly boolean[];
  readonly byPattern: Map<string, T>;
}

/**
 * URIs and patterns of URIs, and what stands at each: found by a look-up for each length of prefix and each shape of
 * wildcard that is there, however many patterns there are.
 */
export class PatternIndex<T> {
  readonly #exact = new Map<string, T>();
  readonly #prefix = new Map<string, T>();
  /** How many prefixes there are of each length; the lengths, longest first. */
  readonly #lengths = new Map<number, number>();
  #longestFirst: readonly number[] = [];
  /** By their number of components; in each, the shape that takes precedence first. */
  readonly #shapes = new Map<number, Shape<T>[]>();

  get(match: MatchPolicy, uri: string): T | undefined {
    if (match === "exact") return this.#exact.get(uri);
    if (match === "prefix") return this.#prefix.get(uri);
    return this.#shapeOf(uri)?.byPattern.get(uri);
  }

  set(match: MatchPolicy, uri: string, value: T): void {
    if (match === "exact") this.#exact.set(uri, value);
    else if (match === "prefix") {
      if (!this.#prefix.has(uri)) this.#count(uri.length, 1);
      this.#prefix.set(uri, value);
    } else (this.#shapeOf(uri) ?? this.#addShape(uri)).byPattern.set(uri, value);
  }

  delete(match: MatchPolicy, uri: string): void {
    if (match === "exact") this.#exact.delete(uri);
    else if (match === "prefix") {
      if (this.#prefix.delete(uri)) this.#count(uri.length, -1);
    } else {
      const shape = this.#shapeOf(uri);
      shape?.byPattern.delete(uri);
      if (shape?.byPattern.size === 0) this.#removeShape(shape);
    }
  }

  /** All that stands at URIs and patterns under which `uri` falls: exact, then prefixes from the longest, then wildcards. */
  matching(uri: string): readonly T[] {
    const exact = this.#exact.get(uri);
    if (this.#prefix.size === 0 && this.#shapes.size === 0) return exact === undefined ? [] : [exact];
    return [...(exact === undefined ? [] : [exact]), ...this.#prefixesOf(uri), ...this.#wildcardsOf(uri)];
  }

  /**
   * What stands at the one pattern that takes precedence (spec, advanced/rpc_pattern_based_registration): exact, the
   * longest prefix, the wildcard with the longest run of components before its first empty one, and so on.
   */
  best(uri: string): T | undefined {
    const exact = this.#exact.get(uri);
    if (exact !== undefined) return exact;
    for (const found of this.#prefixesOf(uri)) return found;
    for (const found of this.#wildcardsOf(uri)) return found;
    return undefined;
  }

  *values(match: MatchPolicy): Generator<T, void, undefined> {
    if (match === "exact") yield* this.#exact.values();
    else if (match === "prefix") yield* this.#prefix.values();
    else for (const shapes of this.#shapes.values()) for (const { byPattern } of shapes) yield* byPattern.values();
  }

  *#prefixesOf(uri: string): Generator<T, void, undefined> {
    for (const length of this.#longestFirst) {
      const found = length > uri.length ? undefined : this.#prefix.get(uri.slice(0, length));
      if (found !== undefined) yield found;
    }
  }

  *#wildcardsOf(uri: string): Generator<T, void, undefined> {
    if (this.#shapes.size === 0) return;
    const parts = uri.split(".");
    for (const { literal, byPattern } of this.#shapes.get(parts.length) ?? []) {
      const found = byPattern.get(parts.map((part, i) => (literal[i] === true ? part : "")).join("."));
      if (found !== undefined) yield found;
    }
  }

  #count(length: number, by: 1 | -1): void {
    const count = (this.#lengths.get(length) ?? 0) + by;
    if (count === 0) this.#lengths.delete(length);
    else this.#lengths.set(length, count);
    this.#longestFirst = [...this.#lengths.keys()].sort((a, b) => b - a);
  }

  #shapeOf(pattern: string): Shape<T> | undefined {
    const parts = pattern.split(".");
    return this.#shapes
      .get(parts.length)
      ?.find(({ literal }) => parts.every((part, i) => (part !== "") === literal[i]));
  }

  #addShape(pattern: string): Shape<T> {
    const literal = pattern.split(".").map((part) => part !== "");
    const shape: Shape<T> = { literal, byPattern: new Map() };
    const shapes = [...(this.#shapes.get(literal.length) ?? []), shape];
    this.#shapes.set(literal.length, shapes.sort(byPrecedence));
    return shape;
  }

  #removeShape(shape: Shape<T>): void {
    const count = shape.literal.length;
    const left = (this.#shapes.get(count) ?? []).filter((other) => other !== shape);
    if (left.length === 0) this.#shapes.delete(count);
    else this.#shapes.set(count, left);
  }
}

function byPrecedence(a: Shape<unknown>, b: Shape<unknown>): number {
  const [ours, theirs] = [runsOf(a), runsOf(b)];
  for (let i = 0; i < Math.max(ours.length, theirs.length); i++) {
    const difference = (theirs[i] ?? 0) - (ours[i] ?? 0);
    if (difference !== 0) return difference;
  }
  // Where the spec leaves it open: the pattern whose literal component comes first.
  const apart = a.literal.findIndex((is, i) => is !== b.literal[i]);
  return a.literal[apart] === true ? -1 : 1;
}

/** How many components in a row are literal: before the first empty one, between it and the next, and so on. */
function runsOf({ literal }: Shape<unknown>): number[] {
  const text = literal.map((is) => (is ? "x" : ".")).join("");
  const [head = "", ...rest] = text.split(/\.+/);
  return [head.length, ...rest.map((run) => run.length)];
}
