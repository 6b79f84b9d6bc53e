import type { ValueSink } from "../wamp/formats.ts";

const ignore = (): void => undefined;

/** For a reader that only has to find where a value ends. */
export const NOWHERE: ValueSink = {
  null: ignore,
  undefined: ignore,
  boolean: ignore,
  integer: ignore,
  bigInteger: ignore,
  float: ignore,
  text: ignore,
  binary: ignore,
  time: ignore,
  decimal: ignore,
  tag: ignore,
  simple: ignore,
  extension: ignore,
  beginList: ignore,
  endList: ignore,
  beginDict: ignore,
  key: ignore,
  oddKey: ignore,
  endDict: ignore,
};
