import { jest } from "@jest/globals";
import { type Repeats, repeatsOf, unlessRepeated } from "./unless-repeated.ts";

let now = 0;
beforeEach(() => {
  jest.spyOn(performance, "now").mockImplementation(() => now);
});
afterEach(() => jest.restoreAllMocks());

it("logs one line of each cause and kind in ten seconds; the next one says how many were left out", () => {
  const lines: [string, Repeats][] = [];
  const [one, other] = [{}, {}];
  const tell = (cause: object, kind: string): void =>
    unlessRepeated(cause, kind, (repeats) => void lines.push([kind, repeats]));
  for (let i = 0; i < 5; i++) tell(one, "a");
  tell(one, "b");
  tell(other, "a");
  expect(lines.splice(0)).toEqual([
    ["a", {}],
    ["b", {}],
    ["a", {}],
  ]);
  expect([repeatsOf(one), repeatsOf(other), repeatsOf({})]).toEqual([{ omitted: 4 }, {}, {}]);
  now += 9999;
  tell(one, "a");
  expect(lines).toEqual([]);
  now += 1;
  for (const kind of ["a", "b", "a"]) tell(one, kind);
  expect(lines).toEqual([
    ["a", { omitted: 5 }],
    ["b", {}],
  ]);
  expect(repeatsOf(one)).toEqual({ omitted: 1 });
});
