import { jest } from "@jest/globals";
import { attempt, guarded, inSlices, whenDone } from "./guarded.ts";

const boom = (): never => {
  throw new Error("boom");
};

it("errors of guarded work go to its handler, and errors of the handler are dropped", () => {
  const failed = jest.fn();
  guarded(boom, failed)();
  expect(failed).toHaveBeenCalledWith(new Error("boom"));
  expect(() => attempt(boom, boom)).not.toThrow();
});

it("work at the end of a promise never becomes an unhandled rejection", async () => {
  // Jest fails a test with an unhandled rejection.
  const failed = jest.fn();
  whenDone(Promise.resolve(1), boom, failed);
  whenDone(Promise.reject(new Error("rejected")), boom, failed);
  whenDone(Promise.resolve(1), boom, boom);
  whenDone(Promise.reject(new Error("rejected")), boom, boom);
  await new Promise((resolve) => setImmediate(resolve));
  expect(failed.mock.calls).toEqual([[new Error("boom")], [new Error("rejected")]]);
});

describe("much work in slices", () => {
  it("is done at once if it is little", () => {
    const done = jest.fn();
    const work = jest.fn();
    inSlices([work, work], 0, done, boom);
    expect(work).toHaveBeenCalledTimes(2);
    expect(done).toHaveBeenCalledTimes(1);
  });

  it("lets the event loop run in between, and does all of it in order, even if some throws", async () => {
    const order: number[] = [];
    const failed = jest.fn();
    const all = Array.from({ length: 40 }, (_, i) => i);
    const works = all.map((i) => () => {
      order.push(i);
      if (i === 1) boom();
    });
    const done = new Promise<void>((resolve) => inSlices(works, 0, resolve, failed));
    expect(order).toEqual(all.slice(0, 16));
    await done;
    expect(order).toEqual(all);
    expect(failed).toHaveBeenCalledTimes(1);
  });
});
