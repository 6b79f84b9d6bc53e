import { basename } from "node:path";
import type { ConfigRef } from "../contract/login-record.ts";
import { excerpt } from "../wamp/excerpt.ts";

/**
 * Says in words where a value stands in the config, and where it came from if it is not written there.
 *
 * @example placeText(step.config); // wampgate.config.yaml:12, which came from the environment variable JOE_TICKET
 */
export function placeText({ file, path, line, from }: ConfigRef): string {
  const place = line === null ? excerpt(path) : `${basename(file)}:${line}`;
  if (from === undefined) return place;
  const source = "env" in from ? `the environment variable ${excerpt(from.env)}` : `the file ${excerpt(from.file)}`;
  return `${place}, which came from ${source}`;
}
