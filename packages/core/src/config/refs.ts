import type { ConfigRef, ValueSource } from "../contract/login-record.ts";
import { pathText } from "../errors/config-error.ts";
import type { Path } from "./issues.ts";
import type { Locate } from "./places.ts";

/** The place of a value in a config, made when it is first asked for: only then the file is read for its lines. */
export type PlaceOf = (path: Path) => () => ConfigRef;

/** @param sourceOf what names the value at a path, if it came from outside */
export function placesOf(
  file: string,
  locate: Locate = () => null,
  sourceOf: (path: Path) => ValueSource | null,
): PlaceOf {
  const made = (path: Path): ConfigRef => {
    const from = sourceOf(path);
    return { path: pathText(path), file, line: locate(path), ...(from === null ? {} : { from }) };
  };
  return (path) => {
    let place: ConfigRef | undefined;
    return () => (place ??= made(path));
  };
}
