import type { BlockSettings } from "../contract/auth-settings.ts";
import type { ConfigRef } from "../contract/login-record.ts";
import { type Path, valueAt } from "./issues.ts";
import type { PlaceOf } from "./refs.ts";

/** The places of one principal. */
interface Places {
  readonly whole: () => ConfigRef;
  readonly secret: () => ConfigRef;
  readonly expires: () => ConfigRef;
}

interface Block {
  readonly at: Path;
  /** The keys of a principal that may hold what its proof is checked with. */
  readonly secrets: readonly string[];
  readonly placeOf: PlaceOf;
}

/**
 * Finds where the principals of a static block stand in the config.
 *
 * @param paths the keys in the block that lead to each of them
 * @param own the block as the config has it; it is read now, and not kept
 */
export function principalPlaces(
  paths: readonly Path[],
  own: unknown,
  { at, secrets, placeOf }: Block,
): BlockSettings["placeOf"] {
  const block = placeOf(at);
  const principals = new Map<string, Places>();
  for (const path of paths) {
    const authid = path.at(-1);
    if (typeof authid !== "string") continue;
    const place = (keys: readonly string[]): (() => ConfigRef) => {
      const key = keys.find((name) => valueAt(own, [...path, name]) !== undefined);
      return placeOf([...at, ...path, ...(key === undefined ? [] : [key])]);
    };
    principals.set(authid, { whole: place([]), secret: place(secrets), expires: place(["expires"]) });
  }
  return (authid, value) => {
    const places = authid === null ? undefined : principals.get(authid);
    return places === undefined ? block() : places[value ?? "whole"]();
  };
}
