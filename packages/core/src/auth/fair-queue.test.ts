import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { runs } from "../../../../jest/runs.ts";
import { FairQueue } from "./fair-queue.ts";

/** Tasks that the test ends itself, and the order in which they began. */
class Tasks {
  readonly begun: string[] = [];
  readonly #ends: (() => void)[] = [];
  most = 0;

  readonly add = (name: string) => async (): Promise<string> => {
    this.begun.push(name);
    const ended = new Promise<void>((resolve) => this.#ends.push(resolve));
    this.most = Math.max(this.most, this.#ends.length);
    await ended;
    return name;
  };

  /** Ends them one after the other, until none has begun. */
  async endAll(): Promise<void> {
    for (let end = this.#ends.shift(); end !== undefined; end = this.#ends.shift()) {
      end();
      await turn();
    }
  }
}

const open = new AbortController().signal;
const full = (): Error => new Error("full");

it("no more tasks run at once than it allows, and each one gets its own result", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 20 }), async (keys) => {
      const tasks = new Tasks();
      const queue = new FairQueue(2, 100, full);
      const results = keys.map((key, i) => queue.run(key, open, tasks.add(`${key}${i}`)));
      await tasks.endAll();
      expect(await Promise.all(results)).toEqual(keys.map((key, i) => `${key}${i}`));
      expect(tasks.most).toBeLessThanOrEqual(2);
    }),
    runs(100),
  );
});

it("keys take turns, however many tasks one of them has", async () => {
  const tasks = new Tasks();
  const queue = new FairQueue(1, 100, full);
  const results = ["a1", "a2", "a3", "a4", "b1", "c1", "b2"].map((name) =>
    queue.run(name.charAt(0), open, tasks.add(name)),
  );
  await tasks.endAll();
  await Promise.all(results);
  expect(tasks.begun).toEqual(["a1", "a2", "b1", "c1", "a3", "b2", "a4"]);
});

it("a task whose signal fires while it waits never runs", async () => {
  const tasks = new Tasks();
  const queue = new FairQueue(1, 100, full);
  const leaving = new AbortController();
  const results = [queue.run("a", open, tasks.add("a1")), queue.run("a", leaving.signal, tasks.add("a2"))];
  const gone = new AbortController();
  gone.abort(new Error("gone before"));
  const settled = Promise.allSettled([...results, queue.run("a", gone.signal, tasks.add("a3"))]);
  leaving.abort(new Error("left"));
  await tasks.endAll();
  expect(await settled).toMatchObject([
    { value: "a1" },
    { reason: { message: "left" } },
    { reason: { message: "gone before" } },
  ]);
  expect(tasks.begun).toEqual(["a1"]);
});

it("if it is full, the key with the most tasks loses its newest one", async () => {
  const tasks = new Tasks();
  const queue = new FairQueue(1, 2, full);
  const results = ["a1", "a2", "a3", "b1", "c1"].map((name) => queue.run(name.charAt(0), open, tasks.add(name)));
  const settled = Promise.allSettled(results);
  await tasks.endAll();
  // b1 takes the place of a3; then nobody has more than one, and c1 is refused itself.
  const refused = { status: "rejected", reason: full() };
  expect(await settled).toEqual([
    { status: "fulfilled", value: "a1" },
    { status: "fulfilled", value: "a2" },
    refused,
    { status: "fulfilled", value: "b1" },
    refused,
  ]);
  expect(tasks.begun).toEqual(["a1", "a2", "b1"]);
});

it("a task that fails makes room for the next one", async () => {
  const queue = new FairQueue(1, 100, full);
  const settled = Promise.allSettled([
    queue.run("a", open, () => Promise.reject(new Error("failed"))),
    queue.run("a", open, () => Promise.resolve("next")),
  ]);
  expect(await settled).toMatchObject([{ reason: { message: "failed" } }, { value: "next" }]);
});
