import { BadAnswer, type PrincipalQuery, type RawValue } from "@wampgate/core";
import { readResult } from "./result.ts";

const atHello = { method: { strategyMayVerify: false }, phase: "hello" } as PrincipalQuery;

it("the answer is the one positional result", () => {
  const answer = { kind: "credential", credential: {}, assignment: { role: "user" } };
  expect(readResult({ args: ["user"], kwargs: {} }, atHello)).toEqual(answer);
});

it("extra is passed on as the bytes that came, if it came as bytes", () => {
  const bytes = { format: "cbor" } as unknown as RawValue;
  const taken: unknown[] = [];
  const raw = {
    get(key: unknown) {
      taken.push(key);
      return key === "extra" ? bytes : raw;
    },
  } as unknown as RawValue;
  const given = { args: [{ role: "user", extra: { team: 7 } }], kwargs: {} };
  expect(readResult({ ...given, raw: () => raw }, atHello)).toMatchObject({ assignment: { extra: bytes } });
  expect(taken).toEqual([0, 0, "extra"]);
  expect(readResult({ ...given, raw: () => null }, atHello)).toMatchObject({ assignment: { extra: { team: 7 } } });
});

describe("a result that is no answer is refused, and the word for the log says why, without a value", () => {
  const refused: [why: string, args: unknown[], kwargs?: Record<string, unknown>][] = [
    ["it answered with keyword results", ["user"], { role: "user" }],
    ["it answered with 0 results, expected one", []],
    ["it answered with 2 results, expected one", ["user", "s3cret"]],
    ["it answered an integer, expected a role or a dictionary", [7]],
  ];
  it.each(refused)("%s", (why, args, kwargs = {}) => {
    expect(() => readResult({ args, kwargs }, atHello)).toThrow(new BadAnswer(why));
  });
});
