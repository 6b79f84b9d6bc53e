import type { ConfigRef } from "../contract/login-record.ts";
import { pathText } from "../errors/config-error.ts";
import type { Path } from "./issues.ts";
import type { Locate } from "./places.ts";

/** The place of a value in a config, made when it is first asked for: only then the file is read for its lines. */
export type PlaceOf = (path: Path) => () => ConfigRef;

export function placesOf(file: string, locate: Locate = () => null): PlaceOf {
  return (path) => {
    let place: ConfigRef | undefined;
    return () => (place ??= { path: pathText(path), file, line: locate(path) });
  };
}
