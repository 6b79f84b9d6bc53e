import type { RemoteEvent } from "@wampgate/core";
import { contentOf, type Envelope, Kind, readEnvelope } from "./envelope.ts";
import { BEAT, EVENT } from "./kinds.ts";
import { messageContent } from "./message.ts";
import { Pair } from "./pair.ts";

const WINDOW = 65_536;

function opened(): { readonly pair: Pair; readonly sent: Envelope[] } {
  const sent: Envelope[] = [];
  const write = (bytes: Buffer): void => void sent.push(readEnvelope(bytes) as Envelope);
  const pair = new Pair("b", 1, false, write, { maxBytes: 1024 * 1024, window: WINDOW });
  pair.meet(1);
  pair.open();
  return { pair, sent };
}

function eventOf(size: number): RemoteEvent {
  const payload = { format: "json", count: 1, bytes: new Uint8Array(size) } as const;
  const rest = { details: {}, audience: null, retain: false, at: 0 } as const;
  return { type: "EVENT", id: 1, topic: "com.example.topic", payload, ...rest };
}

const publish = (pair: Pair, size: number): string => pair.send(messageContent("realm1", eventOf(size)), EVENT);

it("of many messages one asks to be acknowledged whenever an eighth of the window has left", () => {
  const { pair, sent } = opened();
  for (let i = 0; i < 50; i++) publish(pair, 1000);
  const quiet = (WINDOW / 8 / 1000) | 0;
  const asking = sent.map(({ asks }, i) => (asks ? i : -1)).filter((i) => i >= 0);
  expect(asking[0]).toBe(quiet - 1);
  expect(asking.length).toBeGreaterThan(50 / quiet / 2);
});

it("of very many short messages one in a thousand asks, too", () => {
  const sent: boolean[] = [];
  const write = (bytes: Buffer): void => void sent.push(readEnvelope(bytes)?.asks === true);
  const pair = new Pair("b", 1, false, write, { maxBytes: 1024 * 1024, window: 1024 * 1024 * 1024 });
  pair.open();
  for (let i = 0; i < 3000; i++) publish(pair, 0);
  expect(sent.filter((asks) => asks)).toHaveLength(2);
});

it("facts and heartbeats always ask, and only what asks is owed an acknowledgement", () => {
  const { pair, sent } = opened();
  const other = opened();
  const take = (): boolean => {
    other.pair.take(sent.at(-1) as Envelope);
    return other.pair.owesAcknowledgement;
  };
  publish(pair, 10);
  expect([sent.at(-1)?.asks, pair.isQuiet, pair.unacknowledgedSince, take()]).toEqual([false, true, null, false]);
  pair.send(contentOf(Kind.fact, null), "fact");
  expect([sent.at(-1)?.asks, pair.isQuiet, take()]).toEqual([true, false, true]);
  other.pair.acknowledge();
  expect(other.pair.owesAcknowledgement).toBe(false);
  pair.take(other.sent.at(-1) as Envelope);
  expect([pair.waiting, pair.unacknowledgedSince]).toEqual([0, null]);
  pair.send(contentOf(Kind.beat, null), BEAT);
  expect([sent.at(-1)?.asks, take()]).toEqual([true, true]);
});

it("what goes back anyway acknowledges, and nothing more is owed", () => {
  const [near, far] = [opened(), opened()];
  near.pair.send(contentOf(Kind.fact, null), "fact");
  far.pair.take(near.sent.at(-1) as Envelope);
  expect(far.pair.owesAcknowledgement).toBe(true);
  publish(far.pair, 10);
  expect(far.pair.owesAcknowledgement).toBe(false);
  expect(far.sent.at(-1)).toMatchObject({ acknowledged: 1 });
});

it("an event that is longer than the window leaves, unless more than an eighth of it waits before", () => {
  const { pair } = opened();
  publish(pair, 10);
  expect(publish(pair, 2 * WINDOW)).toBe("sent");
  expect(publish(pair, 10)).toBe("over");
});

it("whoever waits until all was acted by is told when the last one is acknowledged", async () => {
  const { pair } = opened();
  const other = opened();
  publish(pair, 10);
  pair.send(contentOf(Kind.beat, null), BEAT);
  let isSettled = false;
  const settled = pair.settled().then(() => (isSettled = true));
  await Promise.resolve();
  expect(isSettled).toBe(false);
  const ack = { kind: Kind.ack, number: 0, acknowledged: 2, asks: false };
  pair.take({ ...(other.sent[0] ?? ({} as Envelope)), ...ack });
  await settled;
});
