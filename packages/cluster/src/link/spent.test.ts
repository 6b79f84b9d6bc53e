import { Bucket } from "../bucket.ts";
import { Spent } from "./spent.ts";

const KEY = "0123456789abcdef";

it("of many that spend one number at the same moment one succeeds", async () => {
  const bucket = new Bucket();
  const nodes = Array.from({ length: 20 }, () => new Spent(bucket));
  for (let number = 0; number < 50; number++) {
    const outcomes = await Promise.all(nodes.map((node) => node.spend(KEY, number, 60_000)));
    expect(outcomes.filter((isFirst) => isFirst)).toHaveLength(1);
  }
});

it("keys that share a value of the arbiter do not meet, and what is over is removed from it", async () => {
  const bucket = new Bucket();
  let now = 0;
  const spent = new Spent(bucket, () => now);
  // The same first digits: the same value.
  for (let i = 0; i < 100; i++) expect(await spent.spend(`01234567${i}`, 7, 1000)).toBe(true);
  expect(await spent.spend("012345670", 7, 1000)).toBe(false);
  const keys = await bucket.keys("u.");
  expect(keys).toHaveLength(1);
  now = 1000;
  expect(await spent.spend("012345670", 7, 1000)).toBe(true);
  expect((JSON.parse((await bucket.get(keys[0] as string))?.value ?? "") as unknown[]).length).toBe(1);
});

it.each(["", "{}", "[1]", '[["a"]]', '[["a", 1.5, 2]]'])(
  "reads past what another program wrote there: %j",
  async (value) => {
    const bucket = new Bucket();
    const spent = new Spent(bucket);
    await bucket.create(`u.${0x01234567 % 1024}`, value);
    expect([await spent.spend(KEY, 1, 1000), await spent.spend(KEY, 1, 1000)]).toEqual([true, false]);
  },
);

it("rejects if the arbiter cannot be reached", async () => {
  const bucket = new Bucket();
  bucket.get = () => Promise.reject(new Error("cut off"));
  await expect(new Spent(bucket).spend(KEY, 1, 1000)).rejects.toThrow("cut off");
});
