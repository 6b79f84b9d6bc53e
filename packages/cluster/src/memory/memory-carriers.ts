import { setImmediate } from "node:timers";
import { definePlugin, type NodeName, type Plugin, z } from "@wampgate/core";
import { Bucket } from "../bucket.ts";
import type { Arbiter, Carrier, Receiver } from "../carrier.ts";
import { defineCluster } from "../define-cluster.ts";

export interface MemoryCarriersOptions {
  /**
   * How long what is sent next takes, in milliseconds. It is asked for each thing that is sent; the arbiter is `null`.
   * Default: one turn of the event loop.
   */
  readonly delay?: (from: NodeName, to: NodeName | null) => number;
  /** Whether what is sent next gets lost. Default: nothing does. */
  readonly drop?: () => boolean;
  /** The most bytes that are carried at once: what is longer crosses in parts. Default: 1 MiB. */
  readonly maxBytes?: number;
  /** Whether the arbiter may lose all that it has, by `forget`. */
  readonly forgets?: boolean;
  /** Settings of the link. Default: a node says something each 20 ms, and is gone after it said nothing for a second. */
  readonly link?: {
    readonly heartbeat?: number;
    readonly "dead-after"?: number;
    readonly window?: number;
    readonly "prefer-local"?: boolean;
  };
}

/** How many turns of the event loop it takes until what has come was answered. */
const QUIET_TURNS = 4;

/** How many turns are waited for what is on its way before it is looked for each millisecond. */
const SOON_TURNS = 200;

/** What is on its way, or who waits for all before it. */
type Item = { readonly bytes: Uint8Array; readonly at: number } | { readonly come: () => void; readonly at: number };

/** With what is called when it has come. */
type Sent = Item & { readonly came: () => void };

/**
 * A network in memory over which several routers of one process are a cluster: for tests, since it can be slow, lose
 * messages and be parted. What one node sends to another comes in its order.
 *
 * @example
 * const network = new MemoryCarriers({ drop: () => random() < 0.01 });
 * const start = (node: string) => createRouter({ ...config, plugins: [network.plugin], cluster: network.entry(node) });
 */
export class MemoryCarriers {
  /** The plugin for each router of the cluster. */
  readonly plugin: Plugin;
  readonly #nodes = new Map<NodeName, MemoryCarrier>();
  #bucket = new Bucket();
  readonly #options: MemoryCarriersOptions;
  readonly #cutOff = new Set<NodeName>();
  #parted: readonly (readonly NodeName[])[] = [];
  #sent = 0;
  #underWay = 0;

  constructor(options: MemoryCarriersOptions = {}) {
    this.#options = options;
    this.plugin = definePlugin({
      name: "memory-carriers",
      core: "*",
      links: [defineCluster("memory-carrier", { node: z.string() }, ({ node }) => this.open(node))],
    });
  }

  /** `cluster` in the config of a node. */
  entry(node: NodeName): { readonly type: string; readonly node: NodeName; readonly [key: string]: unknown } {
    return { type: "memory-carrier", node, heartbeat: 20, "dead-after": 1000, ...this.#options.link };
  }

  /** The carrier of one node. @throws Error if another node has the name */
  open(node: NodeName): Carrier {
    if (this.#nodes.has(node)) throw new Error(`there is a node "${node}" already`);
    const made = new MemoryCarrier(node, this);
    this.#nodes.set(node, made);
    return made;
  }

  /** A node is gone without a word, as when its process is killed. The others find out at once. */
  kill(node: NodeName): void {
    this.#nodes.get(node)?.end();
    this.#nodes.delete(node);
    for (const other of this.#nodes.values()) other.receiver?.ended(node);
  }

  /**
   * Parts the network: nodes of different groups do not reach each other, and only the first group reaches the arbiter.
   * Without groups all is whole again.
   */
  part(...groups: readonly (readonly NodeName[])[]): void {
    this.#parted = groups;
  }

  /** A node loses its carrier, and knows it: nothing leaves or comes, until `reconnect`. */
  cutOff(node: NodeName): void {
    this.#cutOff.add(node);
    this.#nodes.get(node)?.receiver?.disconnected();
  }

  reconnect(node: NodeName): void {
    this.#cutOff.delete(node);
    this.#nodes.get(node)?.receiver?.connected();
  }

  /** The arbiter loses all that it has. */
  forget(): void {
    this.#bucket = new Bucket();
  }

  /** Resolves when nothing is on its way, and nothing was sent in some turns of the event loop. */
  async quiet(): Promise<void> {
    let waited = 0;
    for (let turns = 0; turns < QUIET_TURNS;) {
      const before = this.#sent;
      await new Promise((resolve) =>
        ++waited > SOON_TURNS && this.#underWay > 0 ? setTimeout(resolve, 1) : setImmediate(resolve),
      );
      turns = this.#underWay === 0 && this.#sent === before ? turns + 1 : 0;
    }
  }

  /** @internal Something leaves. @returns a function for its end */
  leaves(): () => void {
    this.#sent++;
    this.#underWay++;
    return () => {
      this.#underWay--;
    };
  }

  /** Sends bytes to a node as if they came from another one. Resolves when they have come. */
  sendFrame(from: NodeName, to: NodeName, bytes: Uint8Array): Promise<void> {
    const way = this.#nodes.get(from)?.wayTo(to);
    way?.send(bytes);
    return way?.emptied() ?? Promise.resolve();
  }

  /** @internal */
  arbiterOf(node: NodeName): Bucket {
    const [first] = this.#parted;
    if (this.#cutOff.has(node) || (first !== undefined && !first.includes(node)))
      throw new Error("the arbiter cannot be reached");
    return this.#bucket;
  }

  /** @internal */
  names(): Iterable<NodeName> {
    return this.#nodes.keys();
  }

  /** @internal A way to another node. */
  way(from: NodeName, to: NodeName): Way {
    const { delay = () => 0, drop = () => false } = this.#options;
    return new Way(
      this,
      () => delay(from, to),
      (bytes) => {
        if (!this.#isParted(from, to) && !drop()) this.#nodes.get(to)?.receiver?.received(from, bytes);
      },
    );
  }

  /** @internal */
  delayOfArbiter(from: NodeName): number {
    return this.#options.delay?.(from, null) ?? 0;
  }

  /** @internal */
  get forgets(): boolean {
    return this.#options.forgets ?? false;
  }

  /** @internal */
  get maxBytes(): number {
    return this.#options.maxBytes ?? 1024 * 1024;
  }

  /** @internal */
  left(node: MemoryCarrier): void {
    if (this.#nodes.get(node.node) === node) this.#nodes.delete(node.node);
  }

  #isParted(from: NodeName, to: NodeName): boolean {
    if (this.#cutOff.has(from) || this.#cutOff.has(to)) return true;
    return this.#parted.some((group) => group.includes(from) !== group.includes(to));
  }
}

/** One node's end of the network. */
class MemoryCarrier implements Carrier {
  readonly node: NodeName;
  readonly maxBytes: number;
  readonly forgets: boolean;
  readonly arbiter: Arbiter;
  receiver: Receiver | null = null;
  readonly #network: MemoryCarriers;
  readonly #ways = new Map<NodeName, Way>();
  #hasEnded = false;

  constructor(node: NodeName, network: MemoryCarriers) {
    this.node = node;
    this.maxBytes = network.maxBytes;
    this.forgets = network.forgets;
    this.#network = network;
    this.arbiter = {
      create: (key, value) => this.#ask((bucket) => bucket.create(key, value)),
      update: (key, value, revision) => this.#ask((bucket) => bucket.update(key, value, revision)),
      delete: (key, revision) => this.#ask((bucket) => bucket.delete(key, revision)),
      get: (key) => this.#ask((bucket) => bucket.get(key)),
      keys: (prefix) => this.#ask((bucket) => bucket.keys(prefix)),
    };
  }

  start(receiver: Receiver): void {
    this.receiver = receiver;
  }

  send(to: NodeName, bytes: Uint8Array): void {
    if (!this.#hasEnded) this.wayTo(to).send(Buffer.from(bytes));
  }

  sendAll(bytes: Uint8Array): void {
    for (const node of this.#network.names()) if (node !== this.node) this.send(node, bytes);
  }

  async close(): Promise<void> {
    if (this.#hasEnded) return;
    await Promise.all([...this.#ways.values()].map((way) => way.emptied()));
    this.end();
    this.#network.left(this);
  }

  /** Nothing leaves or comes any more. */
  end(): void {
    this.#hasEnded = true;
    this.receiver = null;
    for (const way of this.#ways.values()) way.end();
  }

  wayTo(node: NodeName): Way {
    const way = this.#ways.get(node) ?? this.#network.way(this.node, node);
    this.#ways.set(node, way);
    return way;
  }

  /** The way to the arbiter takes time, too, and so does the way back. */
  async #ask<T>(ask: (bucket: Bucket) => Promise<T>): Promise<T> {
    const came = this.#network.leaves();
    try {
      await this.#pass();
      const answer = await ask(this.#network.arbiterOf(this.node));
      await this.#pass();
      return answer;
    } finally {
      came();
    }
  }

  async #pass(): Promise<void> {
    const ms = this.#network.delayOfArbiter(this.node);
    await new Promise<void>((resolve) => (ms >= 1 ? setTimeout(resolve, ms) : setImmediate(resolve)));
    if (this.#hasEnded) throw new Error(`the node ${this.node} has ended`);
  }
}

/** One direction between two nodes: what goes in comes out later, in its order. */
class Way {
  readonly #network: MemoryCarriers;
  readonly #delay: () => number;
  readonly #deliver: (bytes: Uint8Array) => void;
  #items: Sent[] = [];
  #isRunning = false;
  #hasEnded = false;

  constructor(network: MemoryCarriers, delay: () => number, deliver: (bytes: Uint8Array) => void) {
    this.#network = network;
    this.#delay = delay;
    this.#deliver = deliver;
  }

  send(bytes: Uint8Array): void {
    this.#put({ bytes, at: performance.now() + this.#delay() });
  }

  /** Resolves when all that was sent has come, or never will. */
  emptied(): Promise<void> {
    return new Promise((come) => this.#put({ come, at: 0 }));
  }

  end(): void {
    this.#hasEnded = true;
  }

  #put(item: Item): void {
    this.#items.push({ ...item, came: this.#network.leaves() });
    if (!this.#isRunning) this.#wait();
  }

  #wait(): void {
    const [next] = this.#items;
    this.#isRunning = next !== undefined;
    if (next === undefined) return;
    const ms = next.at - performance.now();
    // A timer takes a millisecond at least: less is waited for in turns of the event loop.
    if (ms >= 1 && !this.#hasEnded) setTimeout(() => this.#run(), ms);
    else setImmediate(() => this.#run());
  }

  #run(): void {
    const now = performance.now();
    while (this.#items[0] !== undefined && (this.#items[0].at <= now || this.#hasEnded)) {
      const item = this.#items.shift() as Sent;
      item.came();
      if ("come" in item) item.come();
      else if (!this.#hasEnded) this.#deliver(item.bytes);
    }
    this.#wait();
  }
}
