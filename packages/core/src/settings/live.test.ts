import { partOf } from "./live.ts";

describe("live settings", () => {
  it("give the current values, also through a part of them", () => {
    const settings = { now: { a: { b: 1 } } };
    const part = partOf(settings, ({ a }) => a.b);
    settings.now = { a: { b: 2 } };
    expect(part.now).toBe(2);
  });
});
