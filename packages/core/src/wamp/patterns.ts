import { type MatchPolicy, matches } from "./uri.ts";

/** A URI, or a pattern of URIs, as a permission rule or a client names it. */
export interface UriPattern {
  readonly uri: string;
  readonly match: MatchPolicy;
}

/**
 * Whether `rule` matches all URIs that `pattern` matches. An exact rule covers no pattern: not even a wildcard without
 * empty components, which is one URI in the shape of a pattern.
 */
export function covers(rule: UriPattern, pattern: UriPattern): boolean {
  if (pattern.match === "exact") return matches(rule.uri, rule.match, pattern.uri);
  if (rule.match === "exact") return false;
  if (rule.match === "prefix") return headOf(pattern).startsWith(rule.uri);
  // A prefix matches URIs of any length, a wildcard only those of one length.
  if (pattern.match === "prefix") return false;
  const wanted = rule.uri.split(".");
  const found = pattern.uri.split(".");
  return wanted.length === found.length && wanted.every((part, i) => part === "" || part === found[i]);
}

/** Whether both may match one URI. True if it is hard to decide. */
export function overlap(a: UriPattern, b: UriPattern): boolean {
  if (a.match === "exact") return matches(b.uri, b.match, a.uri);
  if (b.match === "exact") return matches(a.uri, a.match, b.uri);
  const [first, second] = [headOf(a), headOf(b)];
  if (!first.startsWith(second) && !second.startsWith(first)) return false;
  if (a.match === "prefix" || b.match === "prefix") return true;
  const [ours, theirs] = [a.uri.split("."), b.uri.split(".")];
  return (
    ours.length === theirs.length && ours.every((part, i) => part === "" || theirs[i] === "" || part === theirs[i])
  );
}

/** The common beginning of all URIs that a pattern matches: for a wildcard, all before its first empty component. */
function headOf({ uri, match }: UriPattern): string {
  if (match !== "wildcard") return uri;
  let end = 0;
  for (const part of uri.split(".")) {
    if (part === "") return uri.slice(0, end);
    end += part.length + 1;
  }
  return uri;
}
