import type { Action, Decision } from "../contract/authorization.ts";
import type { Permission, RoleSettings } from "../contract/settings.ts";
import { matches } from "../wamp/uri.ts";

/** What a role's static rules say, and by which rule: null for `allow-by-default`. */
export interface StaticDecision {
  readonly decision: Decision;
  readonly rule: Permission | null;
}

/** A role of a realm: its permission rules, the most specific first. */
export class Role {
  readonly name: string;
  readonly #exact = new Map<string, Permission>();
  readonly #patterns: readonly Permission[];
  readonly #otherwise: boolean | null;

  constructor({ name, permissions, allowByDefault }: RoleSettings) {
    this.name = name;
    const patterns: Permission[] = [];
    for (const rule of permissions ?? []) {
      if (rule.match === "exact") this.#exact.set(rule.uri, rule);
      else patterns.unshift(rule);
    }
    // A stable sort: of rules with equally many literal characters the later one of the config stays first.
    this.#patterns = patterns.sort((a, b) => literals(b) - literals(a));
    // An empty list beside `allow-by-default` denies all, as in Crossbar.
    this.#otherwise = permissions?.length === 0 ? false : allowByDefault ? true : null;
  }

  /** The most specific rule's word: exact, else the matching pattern with the most literal characters. */
  decide(action: Action, uri: string): StaticDecision | null {
    const rule = this.#exact.get(uri) ?? this.#patterns.find(({ uri: pattern, match }) => matches(pattern, match, uri));
    if (rule !== undefined) return { decision: { allow: rule.allow[action], disclose: disclosed(rule, action) }, rule };
    return this.#otherwise === null ? null : { decision: { allow: this.#otherwise }, rule: null };
  }
}

function literals({ uri, match }: Permission): number {
  return match === "wildcard" ? uri.replaceAll(".", "").length : uri.length;
}

function disclosed({ disclose }: Permission, action: Action): boolean {
  return action === "call" ? disclose.caller : action === "publish" ? disclose.publisher : false;
}
