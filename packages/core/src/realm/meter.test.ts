import type { Call } from "./dealer/calls.ts";
import { RealmMeter } from "./meter.ts";

const MAX_URIS = 10_000;
const call = (procedure: string): Call => ({ procedure, startedAt: 0 }) as Call;

it("the time is taken of one call in 16, and of no other", () => {
  const ends: unknown[] = [];
  const meter = new RealmMeter((ended) => ends.push(ended));
  const calls = Array.from({ length: 64 }, (_, i) => call(`com.a${i}`));
  for (const one of calls) meter.begun(one);
  for (const one of calls) meter.ended(one, true);
  const timed = (procedure: string) => ({ procedure, isResult: true, ms: expect.any(Number) as number });
  expect(ends).toEqual(["com.a0", "com.a16", "com.a32", "com.a48"].map(timed));
});

it("a call that began before anybody observed is no error of those that are counted", () => {
  const meter = new RealmMeter(() => undefined);
  meter.ended(call("com.a"), false);
  expect([meter.calls, meter.errors, meter.uris.size]).toEqual([0, 0, 0]);
});

it("no more than 10,000 URIs are remembered: those go through which nothing has passed lately", () => {
  const meter = new RealmMeter(() => undefined);
  let most = 0;
  meter.begun(call("com.busy"));
  for (let i = 0; i < 5 * MAX_URIS; i++) {
    meter.delivered(`com.topic${i}`, 1);
    if (i % 100 === 0) meter.begun(call("com.busy"));
    most = Math.max(most, meter.uris.size);
  }
  expect(most).toBe(MAX_URIS);
  expect(meter.uris.has("com.topic0")).toBe(false);
  expect(meter.uris.get(`com.topic${5 * MAX_URIS - 1}`)).toMatchObject({ events: 1 });
  expect(meter.events).toBe(5 * MAX_URIS);
  expect(meter.calls).toBe(501);
  expect(meter.uris.get("com.busy")?.calls).toBeGreaterThan(0);
});
