import { Deadline, DeadlineError, LIMIT, untilAborted, untilOver } from "./deadline.ts";

test("a promise that settles in time is passed on", async () => {
  const limit = new Deadline(10_000);
  await expect(untilAborted(Promise.resolve(5), limit.signal)).resolves.toBe(5);
  await expect(untilAborted(Promise.reject(new Error("own")), limit.signal)).rejects.toThrow("own");
  limit.end();
});

test("a promise that never settles is given up at the deadline or with the parent", async () => {
  const short = new Deadline(1);
  await expect(untilAborted(new Promise(() => undefined), short.signal)).rejects.toBeInstanceOf(DeadlineError);
  const parent = new AbortController();
  const child = new Deadline(10_000, parent.signal);
  const waiting = untilAborted(new Promise(() => undefined), child.signal);
  parent.abort(new Error("the client left"));
  await expect(waiting).rejects.toThrow("the client left");
  short.end();
  child.end();
});

describe("what names its deadline is waited for without a signal", () => {
  const never = new Promise<never>(() => undefined);
  const limitedBy = (limit: Deadline) => ({
    [LIMIT]: limit,
    get signal(): AbortSignal {
      throw new Error("no signal is needed");
    },
  });

  test("a promise that settles in time is passed on", async () => {
    const limit = new Deadline(10_000);
    await expect(untilOver(Promise.resolve(5), limitedBy(limit))).resolves.toBe(5);
    await expect(untilOver(Promise.reject(new Error("own")), limitedBy(limit))).rejects.toThrow("own");
    limit.end();
  });

  test("a promise that never settles is given up when the time is up, or when it was up before", async () => {
    const limit = new Deadline(1);
    await expect(untilOver(never, limitedBy(limit))).rejects.toBeInstanceOf(DeadlineError);
    await expect(untilOver(Promise.reject(new Error("late")), limitedBy(limit))).rejects.toBeInstanceOf(DeadlineError);
  });

  test("all that wait are given up, with the same reason", async () => {
    const limit = new Deadline(10_000);
    const waits = [untilOver(never, limitedBy(limit)), untilOver(never, limitedBy(limit))];
    limit.abort(new Error("the client left"));
    for (const wait of waits) await expect(wait).rejects.toThrow("the client left");
  });
});

test("the first reason counts, also for a signal that is created later", () => {
  const limit = new Deadline(10_000);
  limit.abort(new Error("first"));
  limit.abort(new Error("second"));
  expect(limit.signal.reason).toEqual(new Error("first"));
});

test("it begins anew where it is restarted, but not once its time is up or it has ended", async () => {
  const since = performance.now();
  const limit = new Deadline(60);
  while (performance.now() - since < 30) await new Promise(setImmediate);
  limit.restart();
  await expect(limit.until(new Promise(() => undefined))).rejects.toBeInstanceOf(DeadlineError);
  expect(performance.now() - since).toBeGreaterThan(85);
  let fired = 0;
  const ended = new Deadline(1, undefined, () => fired++);
  ended.end();
  ended.restart();
  limit.restart();
  await new Deadline(20).until(new Promise(() => undefined)).catch(() => undefined);
  expect(fired).toBe(0);
});
