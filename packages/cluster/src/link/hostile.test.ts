import fc from "fast-check";
import { CapturedLog } from "@wampgate/plugin-testkit";
import type { RealmSide } from "@wampgate/core";
import { runs } from "../../../../jest/runs.ts";
import type { Receiver } from "../carrier.ts";
import { MemoryCarriers } from "../memory/memory-carriers.ts";
import { type ClusterLink, startLink } from "./cluster-link.ts";
import { type Content, contentOf } from "./content.ts";
import { FIXED, Kind, mark, writeEnvelope } from "./envelope.ts";

const OPTIONS = {
  heartbeat: 20,
  "dead-after": 500,
  window: 65_536,
  "offline-second-factor": false,
  "prefer-local": false,
  "unready-when-cut-off": false,
};

/** What a realm was told. */
function sideOf(told: unknown[]): RealmSide {
  return {
    realm: "realm1",
    facts: () => [],
    kept: () => [],
    came: (node) => void told.push(["came", node]),
    told: (node, fact) => told.push(["told", node, fact]) > 0,
    received: (node, message) => told.push(["received", node, message]) > 0,
    broken: (node) => void told.push(["broken", node]),
    settled: (node) => void told.push(["settled", node]),
    gone: (node) => void told.push(["gone", node]),
    draining: (node) => void told.push(["draining", node]),
    lost: (registration) => void told.push(["lost", registration]),
  };
}

async function node(network: MemoryCarriers, name: string, told: unknown[] = []) {
  const carrier = network.open(name);
  let receiver: Receiver | undefined;
  const start = carrier.start.bind(carrier);
  carrier.start = (given) => start((receiver = given));
  const link: ClusterLink = await startLink(carrier, OPTIONS, new CapturedLog());
  link.attach({ announcements: () => [], announced: (from, announcement) => told.push([from, announcement]) > 0 });
  const realm = link.join(sideOf(told));
  await link.ready();
  return { link, realm, receiver: receiver as unknown as Receiver };
}

/** @param cut how many bytes are missing at the end */
function bundled(contents: readonly Content[], marks: Parameters<typeof mark>[2], cut: number): Buffer {
  const bytes = Buffer.alloc(contents.reduce((sum, { size }) => sum + size, FIXED));
  mark(bytes, Kind.bundle, marks);
  let at = FIXED;
  for (const content of contents) {
    content.write(bytes, at);
    at += content.size;
  }
  return bytes.subarray(0, bytes.length - cut);
}

it("whatever another node sends, nothing is thrown, and what it sends as it should is taken", async () => {
  const network = new MemoryCarriers();
  const told: unknown[] = [];
  const [a, b] = [await node(network, "a", told), await node(network, "b")];
  const kinds = fc.oneof(fc.constantFrom(...Object.values(Kind)), fc.nat(255));
  const heads = fc.oneof(
    fc.jsonValue() as fc.Arbitrary<unknown>,
    fc.tuple(fc.constantFrom("realm1", "realm2"), fc.jsonValue(), fc.jsonValue()),
    fc.record({ incarnation: fc.constantFrom("1", "2", 3), wasGone: fc.boolean() }),
  );
  const small = fc.nat(4);
  const marks = fc.record({ epoch: small, peerEpoch: small, number: small, acknowledged: small, asks: fc.boolean() });
  const content = fc.tuple(kinds, heads).map(([kind, head]) => contentOf(kind, head));
  const envelope = fc.tuple(content, marks).map(([one, numbers]) => writeEnvelope(one, numbers));
  const bundle = fc
    .tuple(fc.array(content, { maxLength: 4 }), marks, fc.nat(3))
    .map(([contents, numbers, cut]) => bundled(contents, numbers, cut));
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 60 }), envelope, bundle);
  fc.assert(
    fc.property(fc.constantFrom("b", "c", "a"), bytes, (from, sent) => a.receiver.received(from, sent)),
    runs(2000),
  );
  // Node b does not know what was sent in its name, finds that out by the heartbeat, and all is as before.
  const event = {
    type: "EVENT",
    id: 1,
    payload: undefined,
    details: {},
    audience: null,
    retain: false,
    at: 0,
  } as const;
  const isTaken = (): boolean => told.some((one) => JSON.stringify(one).includes('"com.example.after"'));
  while (!isTaken()) {
    b.realm.send(["a"], { ...event, topic: "com.example.after" });
    await new Promise(setImmediate);
  }
  await Promise.all([a.link.close(), b.link.close()]);
});
