import { Deadline, DeadlineError, untilAborted } from "./deadline.ts";

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
