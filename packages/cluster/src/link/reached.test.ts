import { setTimeout as wait } from "node:timers/promises";
import { Bucket } from "../bucket.ts";
import { Reached } from "./reached.ts";

/** An arbiter that counts what it is asked. */
function counted(get: () => Promise<null> = () => Promise.resolve(null)) {
  const bucket = new Bucket();
  const asked = { times: 0 };
  bucket.get = () => {
    asked.times++;
    return get();
  };
  return { bucket, asked };
}

it("those who ask at once share one question, and its answer serves for a while, but not for good", async () => {
  const { bucket, asked } = counted();
  const reached = new Reached(bucket, 20);
  expect(await Promise.all([reached.isSo(), reached.isSo(), reached.isSo()])).toEqual([true, true, true]);
  expect(await reached.isSo()).toBe(true);
  expect(asked.times).toBe(1);
  for (const end = performance.now() + 4000; asked.times === 1; await wait(5)) {
    expect(performance.now()).toBeLessThan(end);
    await reached.isSo();
  }
});

it("an arbiter that fails is out of reach, and so is one that says nothing, in less than a second", async () => {
  expect(await new Reached(counted(() => Promise.reject(new Error("cut off"))).bucket, 20).isSo()).toBe(false);
  const from = performance.now();
  expect(await new Reached(counted(() => new Promise(() => undefined)).bucket, 20).isSo()).toBe(false);
  expect(performance.now() - from).toBeLessThan(2000);
});
