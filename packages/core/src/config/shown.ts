import type { ConfigIssue } from "../errors/config-error.ts";
import { isDict } from "../wamp/messages.ts";

/** The form of a config's keys: words of letters. */
const KEY = /^[a-z][a-zA-Z]*(?:[-_][a-zA-Z]+)*$/;

/** A name that may be shown in a message: without spaces, colons and brackets, which come from syntax errors. */
const NAME = /^[\w$@.+/~-]{1,200}$/;

/** Shorter values of the environment are not secrets, and occur in many words. */
const SHORTEST_SECRET = 4;

/**
 * ` "text"` for a sentence; empty if `text` may be more than a name: if a space or quotation mark is missing in YAML, a
 * text may contain its neighbours.
 */
export function quoted(text: string): string {
  return NAME.test(text) ? ` "${text}"` : "";
}

/**
 * A key that no schema knows, as a message shows it. A value that lost its key, or its quotation mark, becomes a key:
 * it is shown only if it is similar to a known one, or looks like a key and has a value itself.
 *
 * @param hint `did you mean …`, if it is similar to a known one
 */
export function shownKey(key: string, mapping: unknown, hint: string): string {
  const value = isDict(mapping) ? mapping[key] : undefined;
  const hasValue = value !== undefined && value !== null;
  return NAME.test(key) && (hint !== "" || (hasValue && KEY.test(key))) ? key : numbered(key, mapping);
}

/** `issue`, with numbers instead of the names in its path that may not be shown. */
export function withoutText(issue: ConfigIssue, root: unknown): ConfigIssue {
  let value = root;
  const path = issue.path.map((step) => {
    const mapping = value;
    value = isDict(mapping) || Array.isArray(mapping) ? (mapping as Record<string | number, unknown>)[step] : undefined;
    const isOwn = isDict(mapping) && Object.hasOwn(mapping, step);
    return typeof step === "string" && isOwn && !NAME.test(step) ? numbered(step, mapping) : step;
  });
  return { ...issue, path };
}

function numbered(key: string, mapping: unknown): string {
  const index = isDict(mapping) ? Object.keys(mapping).indexOf(key) : -1;
  return index === -1 ? "(a key that is not shown)" : `(key ${index + 1}, not shown)`;
}

/** Replaces values of the environment in messages by `${NAME}`. @param values the names, by value */
export function hiding(values: ReadonlyMap<string, string>): (text: string) => string {
  const hidden = [...values]
    .flatMap(([value, name]) =>
      [value, encodeURI(wellFormed(value)), JSON.stringify(value).slice(1, -1)].map((form) => [form, name] as const),
    )
    .filter(([form]) => form.length >= SHORTEST_SECRET)
    .sort(([one], [other]) => other.length - one.length);
  return (text) => hidden.reduce((result, [form, name]) => result.replaceAll(form, () => name), text);
}

/** `encodeURI` throws at half a surrogate pair. */
function wellFormed(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}

/** `issues` as they may be shown, in the order of their lines. @param root the config, its environment filled in */
export function shownIssues(
  issues: readonly ConfigIssue[],
  root: unknown,
  hide: (text: string) => string,
): ConfigIssue[] {
  return issues
    .map((issue) => {
      const { message, ...shown } = withoutText(issue, root);
      return { ...shown, message: hide(message) };
    })
    .sort((one, other) => (one.line ?? 0) - (other.line ?? 0));
}
