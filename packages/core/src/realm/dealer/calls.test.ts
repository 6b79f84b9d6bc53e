import { jest } from "@jest/globals";
import { CallLedger, CallTimer } from "./calls.ts";

describe("the time of a call", () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it("starts again with each progressive result", () => {
    const late = jest.fn();
    const timer = new CallTimer(100, late);
    jest.advanceTimersByTime(90);
    timer.restart();
    jest.advanceTimersByTime(90);
    expect(late).not.toHaveBeenCalled();
    jest.advanceTimersByTime(10);
    expect(late).toHaveBeenCalledTimes(1);
  });

  it("is up no more once the call has ended", () => {
    const late = jest.fn();
    const timer = new CallTimer(100, late);
    timer.restart();
    timer.end();
    jest.advanceTimersByTime(1000);
    expect(late).not.toHaveBeenCalled();
  });

  it("may be longer than a timer can be: it is then as long as one can be, and not over at once", () => {
    const late = jest.fn();
    const timer = new CallTimer(2 ** 40, late);
    jest.advanceTimersByTime(1000);
    expect(late).not.toHaveBeenCalled();
    timer.end();
  });
});

describe("a call that ended before its caller had sent all of it", () => {
  it("is known by its late parts, up to the last one", () => {
    const ledger = new CallLedger();
    ledger.abandon(7);
    expect(ledger.isStale(7, false)).toBe(true);
    expect(ledger.isStale(7, true)).toBe(true);
    expect(ledger.isStale(7, true)).toBe(false);
    expect(ledger.isStale(8, false)).toBe(false);
  });

  it("is forgotten when a thousand others have ended so: what a session can make the router hold has an end", () => {
    const ledger = new CallLedger();
    for (let request = 1; request <= 1001; request++) ledger.abandon(request);
    expect(ledger.isStale(1, false)).toBe(false);
    expect(ledger.isStale(2, false)).toBe(true);
    expect(ledger.isStale(1001, false)).toBe(true);
  });
});
