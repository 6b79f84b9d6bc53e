import { z } from "zod";
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
  expect(problemsOf({ role: "user", and: "totp" })).toHaveLength(1);
});

describe("expires is a time in whole seconds, however it is written", () => {
  const TIME = Date.UTC(2027, 0, 31, 8) / 1000;
  it.each<[string, number | string | Date]>([
    ["seconds", TIME],
    ["seconds with a fraction, as of Python's time.time()", TIME + 0.9],
    ["ISO 8601 in UTC", "2027-01-31T08:00:00Z"],
    ["ISO 8601 with another zone and a fraction", "2027-01-31T09:00:00.999999+01:00"],
    ["a Date, as YAML and CBOR make of a time", new Date(TIME * 1000 + 999)],
  ])("%s", (_, expires) => {
    expect(assignment.parse({ expires })).toEqual({ expires: TIME });
    expect(z.object(principalFields).parse({ expires })).toEqual({ expires: TIME });
  });
});

it.each<[string, unknown]>([
  ["milliseconds", 1_801_382_400_000],
  ["a time before 1970", -1],
  ["no number", NaN],
  ["endless", Infinity],
  ["a bigint", 1_801_382_400n],
  ["a time without a zone", "2027-01-31T08:00:00"],
  ["a day", "2027-01-31"],
  ["a text with digits", "1801382400"],
  ["an empty text", ""],
  ["a day that does not exist", "2027-02-30T08:00:00Z"],
  ["no Date", new Date(NaN)],
  ["a list", [1_801_382_400]],
  ["true", true],
])("expires that is %s is refused", (_, expires) => {
  const [problem] = problemsOf({ expires });
  expect(problem).toMatch(/^expires: expected seconds since 1970, or a time with its zone.*, found /);
  expect(z.object(principalFields).safeParse({ expires }).success).toBe(false);
});
