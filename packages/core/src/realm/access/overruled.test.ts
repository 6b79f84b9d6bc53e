import fc from "fast-check";
import { runs } from "../../../../../jest/runs.ts";
import { overruled } from "./overruled.ts";
import { Role } from "./permissions.ts";
import type { Permission } from "./settings.ts";

const rule = (uri: string, match: Permission["match"], call = true): Permission => ({
  uri,
  match,
  allow: { call, register: false, publish: false, subscribe: false, "force-reregister": false },
  disclose: { caller: false, publisher: false },
});

it.each([
  ["the first of two exact rules for one URI", [rule("a.b", "exact"), rule("a.b", "exact")], [[0, 1]]],
  ["the first of two rules for one prefix", [rule("a.", "prefix"), rule("a.", "prefix")], [[0, 1]]],
  [
    "all but the last of many",
    [rule("a.", "prefix"), rule("a.", "prefix"), rule("a.", "prefix")],
    [
      [0, 2],
      [1, 2],
    ],
  ],
  [
    "a wildcard with fewer characters than a prefix above it",
    [rule("com.a..b", "wildcard"), rule("com.a.", "prefix")],
    [[0, 1]],
  ],
  [
    "a wildcard with as many as a later prefix above it",
    [rule("com..x", "wildcard"), rule("com.", "prefix")],
    [[0, 1]],
  ],
] as const)("%s is never chosen", (_what, rules, expected) => {
  expect([...overruled(rules)]).toEqual(expected);
});

it.each([
  ["an exact rule beside a prefix", [rule("a.b", "exact"), rule("a.", "prefix")]],
  ["a longer prefix", [rule("a.b.", "prefix"), rule("a.", "prefix")]],
  ["a wildcard with more characters than the prefix", [rule("com..xyz", "wildcard"), rule("com.", "prefix")]],
  ["a wildcard with as many as an earlier prefix", [rule("com.", "prefix"), rule("com..x", "wildcard")]],
  ["a prefix below a wildcard", [rule("a.", "prefix"), rule("..xyz", "wildcard")]],
  ["one text with another match", [rule("a.b", "exact"), rule("a.b", "prefix")]],
])("%s is chosen for some URI", (_what, rules) => {
  expect([...overruled(rules)]).toEqual([]);
});

it("no URI and no pattern of a client is decided by a rule that is never chosen", () => {
  const part = fc.constantFrom("a", "b", "abc", "");
  const pattern = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."));
  const match = fc.constantFrom("exact" as const, "prefix" as const, "wildcard" as const);
  const rules = fc.array(fc.record({ uri: pattern, match }), { maxLength: 6 });
  fc.assert(
    fc.property(rules, pattern, match, (named, uri, kind) => {
      const permissions = named.map(({ uri: own, match: how }) => rule(own, how));
      const role = new Role({ name: "user", permissions, "allow-by-default": false });
      const chosen = kind === "exact" ? role.decide("call", uri) : role.decidePattern("call", { uri, match: kind });
      for (const [loser, winner] of overruled(permissions)) {
        expect(chosen?.rule).not.toBe(permissions[loser]);
        expect(winner).not.toBe(loser);
      }
    }),
    runs(2000),
  );
});
