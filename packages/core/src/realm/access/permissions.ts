import type { Action, Decision } from "../../contract/authorization.ts";
import type { ActionDenied } from "../../contract/hooks.ts";
import type { Permission, RoleSettings } from "./settings.ts";
import { covers, overlap, type UriPattern } from "../../wamp/patterns.ts";
import { matches } from "../../wamp/uri.ts";

/** What made a decision, for the operator. */
export interface Decider {
  readonly by: ActionDenied["by"];
  /** In words: a rule of the config as `com.example. (prefix)`, an authorizer, a plugin. */
  readonly text: string;
  /** The rule, if one did. */
  readonly rule?: Permission;
}

/** A decision; a denial says what made it, if any rule matched. */
export interface Ruling extends Decision {
  readonly by?: Decider;
}

/** What a role's static rules decide, and the rule that decided; null for `allow-by-default`. */
export interface StaticDecision {
  readonly decision: Ruling;
  readonly rule: Permission | null;
}

/** For a pattern that was granted: whether a more specific rule denies a URI below it. */
export type Denials = (uri: string) => boolean;

/** A rule, and its decision for each action: created once, since every message asks for it. */
interface Rule {
  readonly permission: Permission;
  readonly says: Readonly<Record<Action, StaticDecision>>;
}

/** A role of a realm: its permission rules, the most specific first. */
export class Role {
  readonly name: string;
  readonly #exact = new Map<string, Rule>();
  readonly #patterns: readonly Rule[];
  readonly #otherwise: StaticDecision | null;

  constructor({ name, permissions, "allow-by-default": allowByDefault }: RoleSettings) {
    this.name = name;
    for (const permission of permissions ?? [])
      if (permission.match === "exact") this.#exact.set(permission.uri, ruleOf(permission));
    this.#patterns = bySpecificity(permissions ?? []).map((permission) => ruleOf(permission));
    // An empty list beside `allow-by-default` denies all, as in Crossbar.
    if (permissions?.length === 0)
      this.#otherwise = {
        decision: { allow: false, by: { by: "no-rule", text: "the empty list of permissions" } },
        rule: null,
      };
    else this.#otherwise = allowByDefault ? { decision: { allow: true }, rule: null } : null;
  }

  /** The decision of the most specific rule: exact, else the matching pattern with the most literal characters. */
  decide(action: Action, uri: string): StaticDecision | null {
    const rule =
      this.#exact.get(uri) ?? this.#patterns.find(({ permission }) => matches(permission.uri, permission.match, uri));
    return rule === undefined ? this.#otherwise : rule.says[action];
  }

  /** The decision of the most specific rule that covers all URIs below a pattern. An exact rule covers no pattern. */
  decidePattern(action: Action, pattern: UriPattern): StaticDecision | null {
    const rule = this.#patterns.find(({ permission }) => covers(permission, pattern));
    return rule === undefined ? this.#otherwise : rule.says[action];
  }

  /** What more specific rules deny below a pattern that was granted; null if there is no such rule. */
  denialsBelow(action: Action, pattern: UriPattern): Denials | null {
    const denies = ({ permission }: Rule): boolean =>
      !permission.allow[action] && overlap(permission, pattern) && !covers(permission, pattern);
    if (![...this.#exact.values(), ...this.#patterns].some(denies)) return null;
    return (uri) => this.decide(action, uri)?.decision.allow === false;
  }
}

/** The rules for patterns, the most specific first: that with the most literal characters, else the later one. */
export function bySpecificity(permissions: readonly Permission[]): Permission[] {
  const patterns = permissions.filter(({ match }) => match !== "exact");
  // A stable sort.
  return patterns.reverse().sort((a, b) => literals(b) - literals(a));
}

function ruleOf(permission: Permission): Rule {
  const { uri, match, allow, disclose } = permission;
  const by: Decider = { by: "rule", text: `${uri} (${match})`, rule: permission };
  const saying = (action: Action, disclosed: boolean): StaticDecision => ({
    decision: { allow: allow[action], disclose: disclosed, by },
    rule: permission,
  });
  return {
    permission,
    says: {
      call: saying("call", disclose.caller),
      publish: saying("publish", disclose.publisher),
      register: saying("register", false),
      subscribe: saying("subscribe", false),
    },
  };
}

function literals({ uri, match }: Permission): number {
  return match === "wildcard" ? uri.replaceAll(".", "").length : uri.length;
}
