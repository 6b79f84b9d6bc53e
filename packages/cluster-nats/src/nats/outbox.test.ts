import { Subjects } from "../subjects.ts";
import { Outbox } from "./outbox.ts";

/** What left: to which subject, how many bytes, and where NATS was to say that no process listens. */
let left: [string, number, string | null][];
beforeEach(() => (left = []));

/** @param askAfter when NATS is asked again whether a node is there, in milliseconds */
function outboxOf(askAfter: number): Outbox {
  return new Outbox({
    subjects: new Subjects("shop", "a"),
    askAfter,
    publish: (subject, bytes, reply) => left.push([subject, bytes.length, reply]),
  });
}

const envelope = (length: number): Uint8Array => new Uint8Array(length).fill(1);

it("what is sent to a node leaves at once, and NATS is asked once whether the node is there", () => {
  const outbox = outboxOf(60_000);
  for (const [to, length] of [
    ["b", 1],
    ["c", 2],
    ["b", 3],
  ] as const)
    outbox.send(to, envelope(length));
  expect(left).toEqual([
    ["wampgate.shop.b.a", 1, "wampgate.shop.a.absent.b"],
    ["wampgate.shop.c.a", 2, "wampgate.shop.a.absent.c"],
    ["wampgate.shop.b.a", 3, null],
  ]);
});

it("asks whether a node is there again after a while, and after the connection was lost", () => {
  const [soon, late] = [outboxOf(0), outboxOf(60_000)];
  for (const outbox of [soon, late]) {
    for (let i = 0; i < 2; i++) outbox.send("b", envelope(1));
    outbox.reconnected();
    outbox.send("b", envelope(1));
  }
  expect(left.map(([, , reply]) => reply !== null)).toEqual([true, true, true, true, false, true]);
});

it("keeps nothing of nodes to which it sends no more", () => {
  const outbox = outboxOf(0);
  for (let i = 0; i < 100; i++) outbox.send(`gone${i}`, envelope(1));
  expect(outbox.size).toBe(1);
  const patient = outboxOf(60_000);
  for (let i = 0; i < 100; i++) patient.send(`here${i}`, envelope(1));
  expect(patient.size).toBe(100);
  expect(left).toHaveLength(200);
});
