import fc from "fast-check";
import { randomBytes } from "node:crypto";
import type { Carrier, Receiver } from "@wampgate/cluster";
import { CapturedLog } from "@wampgate/plugin-testkit";
import { runs } from "../../../../jest/runs.ts";
import { clusterKeyOf } from "./keys.ts";
import { SealedCarrier } from "./sealed-carrier.ts";

/** What carriers sent: who, to whom (null: to all), what. */
type Sent = [string, string | null, Uint8Array];

/** A network that carries at once, and lets a test see and send all. */
class Network {
  readonly sent: Sent[] = [];
  readonly carriers = new Map<string, Receiver>();
  readonly values = new Map<string, string>();

  open(node: string): Carrier {
    const send = (to: string | null, bytes: Uint8Array): void => {
      this.sent.push([node, to, bytes]);
      for (const [name, receiver] of this.carriers)
        if (name === to || (to === null && name !== node)) receiver.received(node, bytes);
    };
    return {
      node,
      maxBytes: 1000,
      arbiter: {
        create: (key, value) => Promise.resolve(this.values.set(key, value).size),
        update: (key, value) => Promise.resolve(this.values.set(key, value).size),
        delete: (key) => Promise.resolve(this.values.delete(key)),
        get: (key) => Promise.resolve({ value: this.values.get(key) ?? "", revision: 1 }),
        keys: () => Promise.resolve([...this.values.keys()]),
      },
      start: (receiver) => void this.carriers.set(node, receiver),
      send: (to, bytes) => send(to, bytes),
      sendAll: (bytes) => send(null, bytes),
      close: () => Promise.resolve(),
    };
  }
}

const KEY = randomBytes(32);

class Node {
  readonly carrier: SealedCarrier;
  readonly heard: string[] = [];
  readonly log = new CapturedLog();

  constructor(network: Network, name: string, key = KEY) {
    this.carrier = new SealedCarrier(network.open(name), key, "shop", this.log);
    this.carrier.start({
      received: (from, bytes) => void this.heard.push(`${from}: ${Buffer.from(bytes).toString()}`),
      ended: (node) => void this.heard.push(`${node} ended`),
      absent: (node) => void this.heard.push(`${node} absent`),
      disconnected: () => void this.heard.push("disconnected"),
      connected: () => void this.heard.push("connected"),
    });
  }

  hello(): void {
    this.carrier.sendAll(Buffer.from("hello"));
  }

  say(to: string, text: string): void {
    this.carrier.send(to, Buffer.from(text));
  }
}

function pair(): { network: Network; a: Node; b: Node } {
  const network = new Network();
  const [a, b] = [new Node(network, "a"), new Node(network, "b")];
  a.hello();
  b.hello();
  a.say("b", "first");
  b.say("a", "second");
  return { network, a, b };
}

it("what is sent comes as it was, and nothing of it can be read on the way", () => {
  const { network, a, b } = pair();
  expect(a.heard).toEqual(["b: hello", "b: second"]);
  expect(b.heard).toEqual(["a: hello", "a: first"]);
  const all = Buffer.concat(network.sent.map(([, , bytes]) => bytes)).toString("latin1");
  for (const word of ["hello", "first", "second"]) expect(all).not.toContain(word);
  expect(a.carrier.maxBytes).toBeLessThan(1000);
});

it("whatever is repeated, changed, forged or sent in another's name does nothing", () => {
  const { network, a, b } = pair();
  const [before, to] = [[...a.heard, ...b.heard].length, network.carriers];
  const frames = [...network.sent];
  for (const [, , bytes] of frames)
    for (const from of ["a", "b", "c"]) for (const receiver of to.values()) receiver.received(from, bytes);
  fc.assert(
    fc.property(fc.nat(frames.length - 1), fc.nat(), fc.integer({ min: 1, max: 255 }), (which, at, change) => {
      const [from, , bytes] = frames[which] as Sent;
      const changed = Buffer.from(bytes);
      changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ change;
      for (const receiver of to.values()) receiver.received(from, changed);
    }),
    runs(500),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      for (const receiver of to.values()) receiver.received("b", bytes);
    }),
    runs(500),
  );
  expect([...a.heard, ...b.heard]).toHaveLength(before);
  a.say("b", "still there");
  expect(b.heard.at(-1)).toBe("a: still there");
});

it("a node that starts again is another one: all that was sent to or by the earlier process does nothing", () => {
  const { network, a, b } = pair();
  const old = [...network.sent];
  const again = new Node(network, "b");
  again.hello();
  a.hello();
  a.say("b", "welcome back");
  again.say("a", "thanks");
  expect(again.heard).toEqual(["a: hello", "a: welcome back"]);
  expect(a.heard.slice(2)).toEqual(["b: hello", "b: thanks"]);
  const before = a.heard.length + again.heard.length;
  for (const [from, , bytes] of old) for (const receiver of network.carriers.values()) receiver.received(from, bytes);
  expect(a.heard.length + again.heard.length).toBe(before);
  // A node that comes later does not take an old hello for one of now.
  const late = new Node(network, "c");
  for (const [from, , bytes] of old) if (from === "b") network.carriers.get("c")?.received(from, bytes);
  expect(late.heard).toEqual([]);
  a.hello();
  expect(late.heard).toEqual(["a: hello"]);
  expect(b.heard).toHaveLength(2);
});

it("nodes of different keys hear nothing of each other, and say why", async () => {
  const network = new Network();
  const [a, b] = [new Node(network, "a"), new Node(network, "b", randomBytes(32))];
  a.hello();
  b.hello();
  expect([a.heard, b.heard]).toEqual([[], []]);
  expect(a.log.text()).toContain("all nodes need the same seal in cluster");
  await a.carrier.arbiter.create("secret", "nobody may read it");
  expect(network.values.get("secret")).not.toContain("nobody");
  await expect(b.carrier.arbiter.get("secret")).rejects.toThrow("all nodes need the same seal in cluster");
  expect(await a.carrier.arbiter.get("secret")).toEqual({ value: "nobody may read it", revision: 1 });
  // A value is of its key: it cannot be put in the place of another one.
  network.values.set("other", network.values.get("secret") ?? "");
  await expect(a.carrier.arbiter.get("other")).rejects.toThrow("of another key");
});

it("what the carrier tells of the network passes", () => {
  const { a, network } = pair();
  const receiver = network.carriers.get("a");
  receiver?.absent("b");
  receiver?.ended("b");
  receiver?.disconnected();
  receiver?.connected();
  expect(a.heard.slice(2)).toEqual(["b absent", "b ended", "disconnected", "connected"]);
});

it("a key is 32 bytes in hex or base64, and nothing else", () => {
  expect(clusterKeyOf(KEY.toString("hex"))).toEqual(KEY);
  expect(clusterKeyOf(KEY.toString("base64"))).toEqual(KEY);
  for (const wrong of ["", "secret", "0".repeat(63), "z".repeat(64), randomBytes(31).toString("base64")])
    expect(clusterKeyOf(wrong)).toBeNull();
});
