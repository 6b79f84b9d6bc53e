import { jest } from "@jest/globals";
import { BackOff } from "./back-off.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** For how long a name is held back, in seconds. */
function holdOf(backOff: BackOff, name: string): number {
  let seconds = 0;
  for (; backOff.isHeld(name); seconds++) jest.advanceTimersByTime(1000);
  return seconds;
}

function fail(backOff: BackOff, name: string, times: number): void {
  for (let i = 0; i < times; i++) backOff.failed(name);
}

it("allows exactly as many failures in a minute as the limit says", () => {
  const backOff = new BackOff(() => 3000);
  fail(backOff, "a", 3000);
  expect(backOff.isHeld("a")).toBe(false);
  fail(backOff, "a", 1);
  expect(backOff.isHeld("a")).toBe(true);
  expect(backOff.isHeld("b")).toBe(false);
});

it("holds back twice as long after each further failure, for a minute at most", () => {
  const backOff = new BackOff(() => 2);
  fail(backOff, "a", 2);
  const holds = Array.from({ length: 8 }, () => {
    fail(backOff, "a", 1);
    return holdOf(backOff, "a");
  });
  expect(holds).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
});

it("counts the failures that were pending when the hold began as one", () => {
  const backOff = new BackOff(() => 1);
  fail(backOff, "a", 50);
  expect(holdOf(backOff, "a")).toBe(1);
});

it("starts again after a quiet minute, but not while the name is held back", () => {
  const backOff = new BackOff(() => 60);
  fail(backOff, "a", 61);
  expect(holdOf(backOff, "a")).toBe(1);
  fail(backOff, "a", 1);
  expect(holdOf(backOff, "a")).toBe(2);
  jest.advanceTimersByTime(60_000);
  fail(backOff, "a", 60);
  expect(backOff.isHeld("a")).toBe(false);
  fail(backOff, "a", 1);
  expect(holdOf(backOff, "a")).toBe(1);
});

it("never holds back a name that fails steadily below the limit", () => {
  const backOff = new BackOff(() => 60);
  for (let i = 0; i < 1000; i++) {
    fail(backOff, "a", 1);
    jest.advanceTimersByTime(1000);
  }
  expect(backOff.isHeld("a")).toBe(false);
});

it("remembers who failed for a quarter of an hour", () => {
  const backOff = new BackOff(() => 60);
  fail(backOff, "a", 1);
  jest.advanceTimersByTime(15 * 60_000 - 1);
  expect([backOff.hasFailed("a"), backOff.hasFailed("b")]).toEqual([true, false]);
  jest.advanceTimersByTime(1);
  expect(backOff.hasFailed("a")).toBe(false);
});
