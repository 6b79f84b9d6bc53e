/**
 * URI rules (WAMP spec, basic/building_blocks "URIs"), in the spec's own patterns.
 */

/** How strictly a realm checks URIs: `loose` is the spec's minimum, `strict` allows lower case, digits and `_` only. */
export type UriCheck = "loose" | "strict";

/** The match policies, as clients name them. */
export const MATCH_POLICIES = ["exact", "prefix", "wildcard"] as const;

/** How a pattern is compared with a URI: equal, string prefix, or component by component with empty ones matching any. */
export type MatchPolicy = (typeof MATCH_POLICIES)[number];

const LOOSE = /^([^\s.#]+\.)*([^\s.#]+)$/;
const LOOSE_EMPTY = /^(([^\s.#]+\.)|\.)*([^\s.#]+)?$/;
const STRICT = /^([0-9a-z_]+\.)*([0-9a-z_]+)$/;
const STRICT_EMPTY = /^(([0-9a-z_]+\.)|\.)*([0-9a-z_]+)?$/;

/** Longer than any real URI. The patterns above use the stack for each component, which overflows at a few millions. */
const MAX_LENGTH = 0xffff;

/** Whether `uri` is a URI without empty components, and of at most 65535 characters. */
export function isUri(uri: string, check: UriCheck = "loose"): boolean {
  return uri.length <= MAX_LENGTH && (check === "strict" ? STRICT : LOOSE).test(uri);
}

/** Whether `pattern` is legal under `match`: prefix patterns may end in a dot, wildcard patterns may have empty parts. */
export function isPattern(pattern: string, match: MatchPolicy, check: UriCheck = "loose"): boolean {
  if (match === "exact") return isUri(pattern, check);
  if (match === "prefix" && pattern.endsWith(".")) return isUri(pattern.slice(0, -1), check);
  return pattern.length <= MAX_LENGTH && (check === "strict" ? STRICT_EMPTY : LOOSE_EMPTY).test(pattern);
}

/** Whether only the router itself may register a URI and publish to it. No pattern reaches it either. */
export function isReserved(uri: string): boolean {
  return RESERVED.test(uri);
}

const RESERVED = /^wamp(gate)?(\.|$)/;

/** Whether `pattern` matches `uri`. A prefix is a string prefix, as in deployed routers. */
export function matches(pattern: string, match: MatchPolicy, uri: string): boolean {
  if (match === "exact") return pattern === uri;
  if (match === "prefix") return uri.startsWith(pattern);
  const wanted = pattern.split(".");
  const found = uri.split(".");
  return wanted.length === found.length && wanted.every((part, i) => part === "" || part === found[i]);
}
