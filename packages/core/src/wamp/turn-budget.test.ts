import { jest } from "@jest/globals";
import { setImmediate } from "node:timers/promises";
import { TurnBudget } from "./turn-budget.ts";

const never = (error: unknown): never => {
  throw error as Error;
};

/** A clock that only work moves. */
let now: number;
beforeEach(() => {
  now = 0;
  jest.spyOn(performance, "now").mockImplementation(() => now);
});
afterEach(() => jest.restoreAllMocks());

/** Runs `count` works of 1 ms each. */
function started(budget: TurnBudget, count: number): number[] {
  const done: number[] = [];
  for (let i = 0; i < count; i++)
    budget.run(() => {
      now++;
      done.push(i);
    }, never);
  return done;
}

it("works run at once while their turn has time for them, and the others in the next turns, in order", async () => {
  const done = started(new TurnBudget(10), 25);
  expect(done).toHaveLength(10);
  await setImmediate();
  expect(done).toHaveLength(20);
  await setImmediate();
  expect(done).toEqual(Array.from({ length: 25 }, (_, i) => i));
});

it("what the promises of a work do is part of its time", async () => {
  const budget = new TurnBudget(10);
  const done: number[] = [];
  for (let i = 0; i < 25; i++) {
    budget.run(() => {
      const later = async (): Promise<void> => {
        await Promise.resolve();
        now++;
        done.push(i);
      };
      later().catch(never);
    }, never);
    for (let ticks = 0; ticks < 5; ticks++) await Promise.resolve(); // as between two events
  }
  expect(done).toHaveLength(10);
  await setImmediate();
  expect(done).toHaveLength(20);
  await setImmediate();
  expect(done).toEqual(Array.from({ length: 25 }, (_, i) => i));
});

it("a work that comes while others wait runs after them", async () => {
  const budget = new TurnBudget(1);
  const order: string[] = [];
  const add = (name: string): void =>
    budget.run(() => {
      now++;
      order.push(name);
      if (name === "second") add("from second");
    }, never);
  for (const name of ["first", "second", "third"]) add(name);
  await budget.done();
  expect(order).toEqual(["first", "second", "third", "from second"]);
});

it("each turn has its own time, which works that have waited take from the others", async () => {
  const budget = new TurnBudget(10);
  expect(started(budget, 10)).toHaveLength(10);
  await setImmediate();
  expect(started(budget, 15)).toHaveLength(10);
  await budget.done();
  expect(started(budget, 10)).toHaveLength(5);
});

it("a work that throws is told of, and the next ones run", async () => {
  const budget = new TurnBudget(1);
  const [failures, done]: [unknown[], string[]] = [[], []];
  const failing = (): never => {
    now++;
    throw new Error("one");
  };
  budget.run(failing, (error) => failures.push(error));
  budget.run(failing, (error) => failures.push(error));
  budget.run(() => done.push("last"), never);
  await budget.done();
  expect(failures).toEqual([new Error("one"), new Error("one")]);
  expect(done).toEqual(["last"]);
  await budget.done();
});
