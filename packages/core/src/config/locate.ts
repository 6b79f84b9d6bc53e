import { parseJsonPlaces } from "./json-scan.ts";
import type { Locate, Place } from "./places.ts";
import { parseYamlPlaces } from "./yaml-places.ts";

/** Locates the values of a config. @param format what the file holds; null for code */
export function locatorOf(format: "json" | "yaml" | null, text: string, root: readonly string[] = []): Locate {
  if (format === null) return () => null;
  let places: Place | null | undefined;
  return (path) => {
    // Read again only if a message needs it.
    if (places === undefined) places = format === "json" ? parseJsonPlaces(text) : parseYamlPlaces(text);
    let place = places;
    let known = 0;
    for (const key of [...root, ...path]) {
      const member: Place | undefined = place?.members.get(key);
      if (member === undefined) break;
      place = member;
      known++;
    }
    // The beginning of the file tells nothing.
    return place === null || known <= root.length ? null : place.line;
  };
}
