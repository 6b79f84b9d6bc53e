import { setImmediate as turn } from "node:timers/promises";
import { Subjects } from "../subjects.ts";
import { bundled } from "./bundle.ts";
import { Outbox } from "./outbox.ts";

/** What left: to which subject, how many bytes, and where NATS was to say that no process listens. */
let left: [string, number, string | null][];
let isConnected: boolean;
let maxBytes: number;
beforeEach(() => {
  left = [];
  isConnected = true;
  maxBytes = 1000;
});

/** @param askAfter when NATS is asked again whether a node is there, in milliseconds */
function outboxOf(askAfter: number): Outbox {
  return new Outbox({
    subjects: new Subjects("shop", "a"),
    askAfter,
    isConnected: () => isConnected,
    maxBytes: () => maxBytes,
    publish: (subject, bytes, reply) => left.push([subject, bytes.length, reply]),
  });
}

const envelope = (length: number): Uint8Array => new Uint8Array(length).fill(1);
const sizeOf = (...lengths: number[]): number => bundled(lengths.map(envelope), Infinity)[0]?.length ?? 0;

it("what one turn sends to a node leaves together, in its order, and NATS is asked once whether the node is there", async () => {
  const outbox = outboxOf(60_000);
  for (const [to, length] of [
    ["b", 1],
    ["c", 2],
    ["b", 3],
    [null, 4],
    ["b", 996],
  ] as const)
    outbox.put(to, envelope(length));
  expect(left).toEqual([]);
  await turn();
  expect(left).toEqual([
    ["wampgate.shop.b.a", sizeOf(1, 3), "wampgate.shop.a.absent.b"],
    ["wampgate.shop.b.a", sizeOf(996), null],
    ["wampgate.shop.c.a", sizeOf(2), "wampgate.shop.a.absent.c"],
    ["wampgate.shop.hello.a", sizeOf(4), null],
  ]);
  outbox.put("b", envelope(5));
  outbox.leave();
  expect(left.at(-1)).toEqual(["wampgate.shop.b.a", sizeOf(5), null]);
  await turn();
  expect(left).toHaveLength(5);
});

it("asks whether a node is there again after a while, and after the connection was lost", () => {
  const [soon, late] = [outboxOf(0), outboxOf(60_000)];
  for (const outbox of [soon, late]) {
    for (let i = 0; i < 2; i++) {
      outbox.put("b", envelope(1));
      outbox.leave();
    }
    outbox.reconnected();
    outbox.put("b", envelope(1));
    outbox.leave();
  }
  expect(left.map(([, , reply]) => reply !== null)).toEqual([true, true, true, true, false, true]);
});

it("what was to leave while NATS cannot be reached never leaves: it would come late", async () => {
  const outbox = outboxOf(0);
  outbox.put("b", envelope(1));
  isConnected = false;
  outbox.put("b", envelope(2));
  await turn();
  isConnected = true;
  outbox.put("b", envelope(3));
  await turn();
  expect(left).toEqual([["wampgate.shop.b.a", sizeOf(3), "wampgate.shop.a.absent.b"]]);
});

it("keeps nothing of nodes to which it sends no more, and all of what has not left", () => {
  const outbox = outboxOf(0);
  for (let i = 0; i < 100; i++) {
    outbox.put(`gone${i}`, envelope(1));
    outbox.leave();
  }
  expect(outbox.size).toBe(1);
  for (let i = 0; i < 100; i++) outbox.put(`here${i}`, envelope(1));
  expect(outbox.size).toBe(100);
  outbox.leave();
  expect(left).toHaveLength(200);
});
