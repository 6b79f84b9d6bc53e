import { deadline, DeadlineError, untilAborted } from "./deadline.ts";

test("a promise that settles in time is passed on", async () => {
  const { signal, end } = deadline(10_000);
  await expect(untilAborted(Promise.resolve(5), signal)).resolves.toBe(5);
  await expect(untilAborted(Promise.reject(new Error("own")), signal)).rejects.toThrow("own");
  end();
});

test("a promise that never settles is given up at the deadline or with the parent", async () => {
  const short = deadline(1);
  await expect(untilAborted(new Promise(() => undefined), short.signal)).rejects.toBeInstanceOf(DeadlineError);
  const parent = new AbortController();
  const child = deadline(10_000, parent.signal);
  const waiting = untilAborted(new Promise(() => undefined), child.signal);
  parent.abort(new Error("the client left"));
  await expect(waiting).rejects.toThrow("the client left");
  short.end();
  child.end();
});
