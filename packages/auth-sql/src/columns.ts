import { isDeepStrictEqual } from "node:util";
import { type AuthMethod, BadAnswer, z } from "@wampgate/core";
import type { Answer } from "./database.ts";
import { readValue } from "./read-value.ts";

const column = z.string().min(1).meta({ shown: true });

/** Each key that an answer may have, with the column that holds it. A method may have keys of its own. */
export const columns = z.object({ authid: column.describe("the authid that is assigned") }).catchall(column);

export type Columns = z.output<typeof columns>;

/** The hash of a ticket, which the strategy checks itself. */
export const PASSWORD_HASH = "password-hash";

/** What each method of ours needs of a row, and what it may have. */
const OF_METHODS: ReadonlyMap<string, { readonly needs: readonly string[]; readonly may?: readonly string[] }> =
  new Map([
    ["wampcra", { needs: ["secret"], may: ["salt", "iterations", "keylen"] }],
    ["scram", { needs: ["kdf", "iterations", "salt", "stored-key", "server-key"], may: ["memory"] }],
    ["wamp-scram", { needs: ["kdf", "iterations", "salt", "stored-key", "server-key"], may: ["memory"] }],
    ["cryptosign", { needs: ["pubkey"] }],
    ["ticket", { needs: [PASSWORD_HASH] }],
    ["totp", { needs: ["seed"] }],
  ]);

const ASSIGNED = ["authid", "realm", "role", "extra", "expires", "then"];

/** Whether the strategy itself judges the proofs of a method, by the hash of a ticket. */
export function judges({ strategyMayVerify, at, credentialKey }: AuthMethod): boolean {
  return strategyMayVerify === true && at === "authenticate" && credentialKey === undefined;
}

/** The keys without which a row is none for the method. */
export function neededBy(method: AuthMethod): readonly string[] {
  const { needs } = OF_METHODS.get(method.name) ?? {};
  if (needs !== undefined) return needs;
  if (judges(method)) return [PASSWORD_HASH];
  return method.credentialKey === undefined ? [] : [method.credentialKey];
}

/** What is wrong with the keys of `columns` for a method, and at which one; null if nothing is. */
export function keysProblem(
  own: Columns,
  method: AuthMethod,
): { readonly key: string | null; readonly text: string } | null {
  const missing = neededBy(method).filter((key) => own[key] === undefined);
  if (missing.length > 0) return { key: null, text: `${method.name} needs the columns of ${missing.join(", ")}` };
  const known = OF_METHODS.get(method.name);
  if (known === undefined) return null;
  const all = [...ASSIGNED, ...known.needs, ...(known.may ?? [])];
  const key = Object.keys(own).find((other) => !all.includes(other));
  return key === undefined ? null : { key, text: `${method.name} has no use for it; it has ${all.join(", ")}` };
}

/** A row, by the keys of `columns`; what is NULL is left out. */
export type Row = Readonly<Record<string, unknown>>;

/** The names of columns that the query does not give, or gives twice: what is wrong, in a sentence. */
export function columnProblem(own: Columns, given: readonly string[]): string | null {
  for (const [key, name] of Object.entries(own)) {
    const count = given.filter((other) => other === name).length;
    if (count === 1) continue;
    const what = count === 0 ? "has no column" : "has more than one column";
    return `the query ${what} "${name}", which columns.${key} names; it has ${given.join(", ")}`;
  }
  return null;
}

/**
 * The row of a principal. Several rows may be its keys: then `pubkey` is a list of them.
 *
 * @param needed the keys without which the method does not know the principal
 * @returns null if there is none
 * @throws BadAnswer
 */
export function rowOf(own: Columns, { columns: given, rows }: Answer, needed: readonly string[]): Row | null {
  if (given === null) return null;
  const problem = columnProblem(own, given);
  if (problem !== null) throw new BadAnswer(problem);
  const places = Object.entries(own).map(([key, name]) => [key, given.indexOf(name)] as const);
  const known = rows.filter((row) => places.every(([key, i]) => !needed.includes(key) || row[i] !== null));
  const [first, ...others] = known;
  if (first === undefined) return null;
  for (const [key, i] of places)
    if (key !== "pubkey" && others.some((other) => !isDeepStrictEqual(other[i], first[i])))
      throw new BadAnswer(`it has several rows, which differ in ${key}`);
  const read = readRow(places, first);
  if ((read["authid"] ?? "") === "") throw new BadAnswer("its row has no authid");
  if (others.length === 0 || own["pubkey"] === undefined) return read;
  const keys = known.map((row) => readRow(places, row)["pubkey"]);
  return { ...read, pubkey: [...new Set(keys)] };
}

function readRow(places: readonly (readonly [key: string, place: number])[], row: readonly unknown[]): Row {
  const isScram = places.some(([key]) => key === "kdf");
  const there = places.filter(([, i]) => row[i] !== null && row[i] !== undefined);
  return Object.fromEntries(there.map(([key, i]) => [key, readValue(key, row[i], isScram)]));
}
