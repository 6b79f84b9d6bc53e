import { assignment, principalFields } from "./assignment.ts";

const problemsOf = (value: unknown): string[] =>
  (assignment.safeParse(value).error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);

it("a static block, a plugin and an authenticator assign the same keys", () => {
  expect(Object.keys(principalFields)).toEqual(Object.keys(assignment.shape));
});

it("each key may be left out, and an answer may say null for none", () => {
  const none = Object.fromEntries(Object.keys(assignment.shape).map((key) => [key, null]));
  expect(problemsOf({})).toEqual([]);
  expect(problemsOf(none)).toEqual([]);
  expect(problemsOf({ realm: "realm1", authid: "ann", role: "user", extra: { team: 7 } })).toEqual([]);
});

it("a problem names the key, what was expected and what was found, but no value", () => {
  expect(problemsOf({ realm: 7, authid: ["s3cret"], role: { s: "s3cret" }, extra: "s3cret" })).toEqual([
    "role: expected a string, found a dictionary",
    "realm: expected a string, found an integer",
    "authid: expected a string, found a list",
    "extra: expected a dictionary, found a string",
  ]);
});

it("an unknown key is a problem, also one that another version may know: it may limit the client", () => {
  expect(problemsOf({ role: "user", until: 7 })).toHaveLength(1);
  expect(problemsOf({ role: "user", then: "totp" })).toHaveLength(1);
});
