import type { RemoteEvent } from "@wampgate/core";
import { contentAt, contentOf, type Inside } from "./content.ts";
import { type Envelope, Kind, Parts, readEnvelope } from "./envelope.ts";
import { BEAT, EVENT } from "./kinds.ts";
import { messageContent } from "./message.ts";
import { Pair } from "./pair.ts";

const WINDOW = 65_536;

function opened(): { readonly pair: Pair; readonly sent: Envelope[] } {
  const sent: Envelope[] = [];
  const write = (bytes: Buffer): void => void sent.push(readEnvelope(bytes) as Envelope);
  const pair = new Pair("b", 1, false, write, () => undefined, { maxBytes: 1024 * 1024, window: WINDOW });
  pair.meet(1);
  pair.open();
  return { pair, sent };
}

function eventOf(size: number): RemoteEvent {
  const payload = { format: "json", count: 1, source: new Uint8Array(size), begin: 0, end: size } as const;
  const rest = { details: {}, audience: null, retain: false, at: 0 } as const;
  return { type: "EVENT", id: 1, topic: "com.example.topic", payload, ...rest };
}

/** Sends a message, which leaves at once. */
function publish(pair: Pair, size: number): string {
  const sent = pair.send(messageContent("realm1", eventOf(size)), EVENT);
  pair.leave();
  return sent;
}

/** The kinds of the contents of an envelope. */
function kindsIn({ body, begin }: Envelope): number[] {
  const kinds: number[] = [];
  for (let at = begin; at < body.length;) {
    const content = contentAt(body, at) as Inside;
    kinds.push(content.kind);
    at = content.end;
  }
  return kinds;
}

it("what is sent in one turn leaves in one envelope, in its order, and asks to be acknowledged if a part of it does", () => {
  const { pair, sent } = opened();
  for (let i = 0; i < 3; i++) pair.send(messageContent("realm1", eventOf(10)), EVENT);
  pair.send(contentOf(Kind.fact, null), "fact");
  pair.send(messageContent("realm1", eventOf(10)), EVENT);
  expect(sent).toEqual([]);
  pair.leave();
  pair.leave();
  expect(sent.map(kindsIn)).toEqual([[Kind.message, Kind.message, Kind.message, Kind.fact, Kind.message]]);
  expect(sent[0]).toMatchObject({ number: 1, asks: true });
});

it("no envelope of several contents is longer than 256 KiB or than the carrier takes, and a longer content leaves in parts", () => {
  for (const maxBytes of [1000, 1024 * 1024]) {
    const sent: Envelope[] = [];
    const write = (bytes: Buffer): void => void sent.push(readEnvelope(bytes) as Envelope);
    const pair = new Pair("b", 1, false, write, () => undefined, { maxBytes, window: 1024 * 1024 });
    pair.open();
    const sizes = Array.from({ length: 300 }, (_, i) => (i % 10 === 0 ? 20_000 : 300));
    for (const size of sizes) expect(pair.send(messageContent("realm1", eventOf(size)), EVENT)).toBe("sent");
    pair.leave();
    const parts = new Parts();
    let contents = 0;
    sent.forEach((envelope, i) => {
      expect(envelope.number).toBe(i + 1);
      expect(envelope.body.length).toBeLessThanOrEqual(Math.min(256 * 1024, maxBytes));
      const whole = parts.add(envelope);
      if (whole) contents += kindsIn(whole).length;
    });
    expect(contents).toBe(sizes.length);
  }
});

it("after a reset nothing leaves that was sent before it, and it counts as lost", () => {
  const { pair, sent } = opened();
  publish(pair, 10);
  pair.send(messageContent("realm1", eventOf(10)), EVENT);
  expect(pair.reset(2)).toEqual([EVENT, EVENT]);
  pair.open();
  pair.leave();
  expect([sent.length, pair.waiting]).toEqual([1, 0]);
  publish(pair, 10);
  expect(sent.at(-1)).toMatchObject({ epoch: 2, number: 1 });
  expect(kindsIn(sent.at(-1) as Envelope)).toEqual([Kind.message]);
});

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
  const limits = { maxBytes: 1024 * 1024, window: 1024 * 1024 * 1024 };
  const pair = new Pair("b", 1, false, write, () => undefined, limits);
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
  pair.leave();
  expect([sent.at(-1)?.asks, pair.isQuiet, take()]).toEqual([true, false, true]);
  other.pair.acknowledge();
  expect(other.pair.owesAcknowledgement).toBe(false);
  pair.take(other.sent.at(-1) as Envelope);
  expect([pair.waiting, pair.unacknowledgedSince]).toEqual([0, null]);
  pair.send(contentOf(Kind.beat, null), BEAT);
  pair.leave();
  expect([sent.at(-1)?.asks, take()]).toEqual([true, true]);
});

it("what goes back anyway acknowledges, and nothing more is owed", () => {
  const [near, far] = [opened(), opened()];
  near.pair.send(contentOf(Kind.fact, null), "fact");
  near.pair.leave();
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
