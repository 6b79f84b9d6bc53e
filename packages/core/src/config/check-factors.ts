import { createHash, createHmac } from "node:crypto";
import type { AuthSettings, BlockSettings, MethodSettings } from "../contract/auth-settings.ts";
import type { AuthMethod } from "../contract/method.ts";
import type { Issues, Path } from "./issues.ts";
import { quoted } from "./shown.ts";
import { didYouMean } from "./suggest.ts";

/** How many factors a login has at most. */
const MOST_FACTORS = 3;

/** A further factor, as it is written: `at` is where. */
interface WrittenThen {
  readonly then: string | null;
  readonly at: Path;
}

/** A block that is checked by itself. */
export interface CheckedBlock {
  readonly settings: Omit<BlockSettings, "mayBegin">;
  readonly alone: boolean | undefined;
  /** Where it stands. */
  readonly at: Path;
  /** The further factors that its static principals name themselves. Null: they have that of the block. */
  readonly thens: readonly WrittenThen[];
  /** Warns of what only matters where clients begin with it. */
  readonly warnOfBeginning?: (() => void) | undefined;
  /** Made of the whole block, of which outsiders do not know the secrets. */
  readonly key: string;
}

/** A method with such blocks. */
export interface CheckedMethod extends Omit<MethodSettings, "blocks" | "decoyThen"> {
  readonly blocks: readonly CheckedBlock[];
}

/** What `then` is checked against. */
interface Context {
  readonly issues: Issues;
  readonly warnings: Issues;
}

/**
 * Checks the further factors of one transport.
 *
 * @param methods those that plugins provide
 * @param names all keys of its `auth`, also of methods that no plugin provides
 */
export function withFactors(
  methods: ReadonlyMap<string, CheckedMethod>,
  names: readonly string[],
  at: Path,
  context: Context,
): AuthSettings {
  for (const [name, { blocks }] of methods)
    for (const { then, at: place } of blocks.flatMap(writtenIn)) {
      const problem = then === null ? null : problemOf(name, then, methods, names);
      if (problem !== null) context.issues.add(place, problem);
    }
  const named = new Map([...methods].flatMap(([name, { blocks }]) => thensOf(blocks).map((then) => [then, name])));
  const settings = new Map<string, MethodSettings>();
  for (const [name, { blocks, ...own }] of methods) {
    const finished = blocks.map(({ settings: block, alone, warnOfBeginning }) => {
      const mayBegin = alone ?? !named.has(name);
      if (mayBegin) warnOfBeginning?.();
      return { ...block, mayBegin };
    });
    settings.set(name, { ...own, blocks: finished, decoyThen: decoyThenOf(blocks) });
    const by = named.get(name);
    if (by !== undefined && blocks.some(({ alone }) => alone === undefined))
      context.warnings.add(
        [...at, name],
        `clients cannot begin with it (wamp.error.no_matching_auth_method), since then of ${by} names it; write alone: false if that is meant, or alone: true`,
      );
  }
  warnOfBeginnings(settings, at, context.warnings);
  return settings;
}

function warnOfBeginnings(settings: AuthSettings, at: Path, warnings: Issues): void {
  const beginning = [...settings].filter(([, { blocks }]) => blocks.some(({ mayBegin }) => mayBegin));
  for (const [name, { method }] of beginning)
    if (method.weakness !== undefined) warnings.add([...at, name], method.weakness);
  const all = [...settings.values()].flatMap(({ blocks }) => blocks);
  if (all.length > 0 && beginning.length === 0)
    warnings.add(at, "no client can log in: each method of it only serves as a further factor");
}

/** What is wrong with a `then` of the method `name`; null if it is right. */
function problemOf(
  name: string,
  then: string,
  methods: ReadonlyMap<string, CheckedMethod>,
  names: readonly string[],
): string | null {
  const target = methods.get(then);
  if (target === undefined) {
    // Why a method of this name is not there has been told.
    if (names.includes(then)) return null;
    return `the auth of this transport has no method${quoted(then)}${didYouMean(then, names)}; it has: ${names.join(", ")}`;
  }
  if (!asksForProof(target.method)) return `the method ${then} asks for no proof, so it cannot be a further factor`;
  const chain = longest([name, then], methods);
  const shown = chain.join(", then ");
  if (chain.at(-1) === name) return `it leads back to ${name} itself: ${shown}`;
  return chain.length > MOST_FACTORS ? `a login has ${MOST_FACTORS} factors at most, found: ${shown}` : null;
}

function asksForProof({ authenticate }: AuthMethod): boolean {
  return authenticate !== undefined;
}

/** The longest way on from `chain`. It ends where it comes back to its first method. */
function longest(chain: readonly string[], methods: ReadonlyMap<string, CheckedMethod>): readonly string[] {
  const [first = "", last = first] = [chain[0], chain.at(-1)];
  if (chain.length > MOST_FACTORS || (chain.length > 1 && first === last)) return chain;
  const ways = thensOf(methods.get(last)?.blocks ?? [])
    .filter((then) => then === first || !chain.includes(then))
    .map((then) => longest([...chain, then], methods));
  const back = ways.find((way) => way.at(-1) === first);
  return back ?? ways.reduce((best, way) => (way.length > best.length ? way : best), chain);
}

/** The methods that the `then`s of these blocks name. */
function thensOf(blocks: readonly CheckedBlock[]): string[] {
  return [...new Set(blocks.flatMap(writtenIn).flatMap(({ then }) => then ?? []))];
}

function writtenIn({ settings, thens, at }: CheckedBlock): WrittenThen[] {
  return [{ then: settings.then, at: [...at, "then"] }, ...thens];
}

/** @see MethodSettings.decoyThen */
function decoyThenOf(blocks: readonly CheckedBlock[]): MethodSettings["decoyThen"] {
  const own = blocks.filter(({ settings }) => settings.strategy === null);
  const pool = (own.length > 0 ? own : blocks).flatMap(({ settings: { then }, thens }) =>
    thens.length === 0 ? [then] : thens.map((written) => written.then ?? then),
  );
  const [first = null] = pool;
  if (pool.every((then) => then === first)) return () => first;
  const key = createHash("sha256")
    .update(JSON.stringify(blocks.map((block) => block.key)))
    .digest();
  return (authid) => {
    const bytes = createHmac("sha256", key)
      .update(authid ?? "")
      .digest();
    return pool[bytes.readUInt32BE() % pool.length] ?? null;
  };
}

/** @see CheckedBlock.key @param block as it is written */
export function keyOf(block: unknown): string {
  const text = JSON.stringify(block, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));
  return createHash("sha256").update(text).digest("base64");
}
