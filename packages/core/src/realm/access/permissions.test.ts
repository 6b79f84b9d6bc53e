import fc from "fast-check";
import { Role } from "./permissions.ts";
import type { Permission } from "./settings.ts";

const NOTHING = { call: false, register: false, publish: false, subscribe: false, "force-reregister": false };
const rule = (uri: string, match: Permission["match"], call: boolean): Permission => ({
  uri,
  match,
  allow: { ...NOTHING, call },
  disclose: { caller: false, publisher: false },
});
const role = (permissions: Permission[] | undefined, allowByDefault = false): Role =>
  new Role({ name: "user", permissions, "allow-by-default": allowByDefault });
const mayCall = (subject: Role, uri: string): boolean | undefined => subject.decide("call", uri)?.decision.allow;

describe("among the rules that match", () => {
  it("an exact one decides before any pattern", () => {
    const subject = role([rule("a.b.c", "exact", false), rule("a.b.", "prefix", true), rule("a..c", "wildcard", true)]);
    expect(mayCall(subject, "a.b.c")).toBe(false);
    expect(mayCall(subject, "a.b.d")).toBe(true);
  });

  it("the pattern with the most literal characters decides", () => {
    const subject = role([
      rule("", "prefix", true),
      rule("com.secret.", "prefix", false),
      rule("com..open", "wildcard", true),
    ]);
    expect(mayCall(subject, "com.secret.x")).toBe(false);
    expect(mayCall(subject, "com.public.open")).toBe(true);
    expect(mayCall(subject, "com.secret.open")).toBe(false);
    expect(mayCall(subject, "org.x")).toBe(true);
  });

  it("the later of two with equal weight decides", () => {
    const subject = role([
      rule("a..c", "wildcard", true),
      rule("a.c.", "prefix", false),
      rule(".b.c", "wildcard", false),
    ]);
    expect(mayCall(subject, "a.b.c")).toBe(false);
  });

  it("an action that the rule does not name is denied, even if the default allows it", () => {
    expect(role([rule("a", "exact", true)], true).decide("publish", "a")?.decision.allow).toBe(false);
  });
});

describe("if no rule matches", () => {
  it("allow-by-default allows", () => expect(mayCall(role(undefined, true), "a")).toBe(true));
  it("a role without it leaves the question open, for the hook authorize", () => {
    expect(role(undefined).decide("call", "a")).toBeNull();
    expect(role([rule("b", "exact", true)]).decide("call", "a")).toBeNull();
  });
  it("an empty list of permissions denies, even beside allow-by-default", () => {
    expect(mayCall(role([], true), "a")).toBe(false);
  });
});

it("a rule discloses callers to callees and publishers to subscribers, each by its own key", () => {
  const subject = role([
    {
      uri: "a",
      match: "exact",
      allow: { ...NOTHING, call: true, publish: true },
      disclose: { caller: true, publisher: false },
    },
  ]);
  expect(subject.decide("call", "a")?.decision.disclose).toBe(true);
  expect(subject.decide("publish", "a")?.decision.disclose).toBe(false);
});

it("the order of rules matters only between equals: the heaviest match decides", () => {
  const part = fc.constantFrom("a", "bb", "c");
  const uri = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("."));
  const prefixes = fc.uniqueArray(uri, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(prefixes, uri, fc.nat(), (patterns, target, turn) => {
      const rules = patterns.map((pattern, i) => rule(pattern, "prefix", i % 2 === 0));
      const turned = [...rules.slice(turn % rules.length), ...rules.slice(0, turn % rules.length)];
      expect(role(turned).decide("call", target)?.rule?.uri).toBe(role(rules).decide("call", target)?.rule?.uri);
    }),
  );
});
