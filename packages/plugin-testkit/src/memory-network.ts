import { setImmediate, setTimeout } from "node:timers/promises";
import { deserialize, serialize } from "node:v8";
import {
  type Announcement,
  defineLink,
  definePlugin,
  type Fact,
  isDict,
  type NodeName,
  type Plugin,
  type RealmLink,
  type RealmSide,
  type RemoteMessage,
  type RouterLink,
  type RouterSide,
  type RunningLink,
  z,
} from "@wampgate/core";
import { MemoryArbiter } from "./memory-arbiter.ts";
import { Pipe } from "./memory-pipe.ts";

/**
 * What a frame between two nodes says. `hello` and `came`: the sender has the realm; `hello` asks the same in return. `told`: it has
 * told all its facts.
 */
type Frame =
  | { readonly kind: "announcement"; readonly realm: ""; readonly announcement: Announcement }
  | { readonly kind: "hello" | "came" | "told" | "left"; readonly realm: string }
  | { readonly kind: "fact"; readonly realm: string; readonly fact: Fact; readonly holds: boolean }
  | { readonly kind: "message"; readonly realm: string; readonly message: RemoteMessage };

export interface MemoryNetworkOptions {
  /** How long what is sent next takes, in milliseconds. It is asked for each way that something goes. Default: one turn. */
  readonly delay?: () => number;
}

/**
 * A network in memory, which links several routers of one process. Everything crosses as bytes, and later than it was
 * sent, as over a real network.
 *
 * @example
 * const network = new MemoryNetwork();
 * const start = (node: string) => createRouter({ ...config, plugins: [network.plugin], cluster: network.entry(node) });
 */
export class MemoryNetwork {
  /** The plugin for each router of the cluster. */
  readonly plugin: Plugin;
  readonly #nodes = new Map<NodeName, MemoryNode>();
  readonly #arbiter = new MemoryArbiter();

  readonly #delay: () => number;

  constructor({ delay = () => 0 }: MemoryNetworkOptions = {}) {
    this.#delay = delay;
    this.plugin = definePlugin({
      name: "testkit-memory-network",
      core: "*",
      links: [
        defineLink({
          type: "memory",
          schema: z.strictObject({ node: z.string() }),
          start: ({ node }) => this.#start(node),
        }),
      ],
    });
  }

  /** `cluster` in the config of a node. */
  entry(node: NodeName): { readonly type: "memory"; readonly node: NodeName } {
    return { type: "memory", node };
  }

  /** A node is gone without a word, as when its process is killed: nothing of it comes any more. */
  kill(node: NodeName): void {
    this.#nodes.get(node)?.end();
    this.#nodes.delete(node);
    this.#arbiter.gone(node);
    for (const other of this.#nodes.values()) other.lost(node);
  }

  /** Sends bytes to a node as if another one had. */
  sendFrame(from: NodeName, to: NodeName, bytes: Uint8Array): Promise<void> {
    const pipe = this.#nodes.get(from)?.pipeTo(to);
    pipe?.send(bytes);
    return pipe?.emptied() ?? Promise.resolve();
  }

  #start(name: NodeName): RunningLink {
    if (this.#nodes.has(name)) throw new Error(`there is a node "${name}" already`);
    const node = new MemoryNode(name, this.#arbiter, this.#delay, (gone) => this.kill(gone));
    for (const other of this.#nodes.values()) {
      node.linkTo(other);
      other.linkTo(node);
    }
    this.#nodes.set(name, node);
    return node;
  }
}

/** Another node, and the way to it. */
interface Other {
  readonly node: MemoryNode;
  readonly pipe: Pipe;
}

/** One node's half of the network. */
class MemoryNode implements RunningLink {
  readonly node: NodeName;
  readonly secret = Buffer.from("the same on every node");
  readonly #sides = new Map<string, RealmSide>();
  #router: RouterSide | null = null;
  readonly #others = new Map<NodeName, Other>();
  readonly #arbiter: MemoryArbiter;
  readonly #delay: () => number;
  readonly #gone: (node: NodeName) => void;
  #hasEnded = false;
  #lastClaim: Promise<unknown> = Promise.resolve();

  /** @param gone called when the node has ended by itself */
  constructor(node: NodeName, arbiter: MemoryArbiter, delay: () => number, gone: (node: NodeName) => void) {
    this.node = node;
    this.#delay = delay;
    this.#arbiter = arbiter;
    this.#gone = gone;
  }

  linkTo(node: MemoryNode): void {
    this.#others.set(node.node, { node, pipe: new Pipe((bytes) => node.received(this.node, bytes), this.#delay) });
  }

  pipeTo(node: NodeName): Pipe | undefined {
    return this.#others.get(node)?.pipe;
  }

  attach(side: RouterSide): RouterLink {
    this.#router = side;
    for (const [node, other] of this.#others)
      for (const announcement of other.node.#router?.announcements() ?? []) side.announced(node, announcement);
    return {
      announce: (announcement) => {
        this.#sendAll([...this.#others.keys()], { kind: "announcement", realm: "", announcement });
        return this.#arrived();
      },
      spend: (key, number) => this.#atArbiter(() => this.#arbiter.spend(key, number)),
      canAgree: () => this.#atArbiter(() => true),
    };
  }

  join(side: RealmSide): RealmLink {
    const { realm } = side;
    this.#sides.set(realm, side);
    for (const node of this.#others.keys()) this.#greet("hello", node, side);
    return {
      tell: (fact, holds) => {
        this.#sendAll([...this.#others.keys()], { kind: "fact", realm, fact, holds });
        return this.#arrived();
      },
      send: (nodes, message) => this.#sendAll(nodes, { kind: "message", realm, message }),
      reaches: (node) => this.#others.has(node),
      claim: (wish) => this.#atArbiter(() => this.#arbiter.claim(this.node, realm, wish)),
      release: (wish, registration) =>
        this.#atArbiter(() => this.#arbiter.release(this.node, realm, wish, registration)),
      leave: () => {
        this.#sides.delete(realm);
        this.#sendAll([...this.#others.keys()], { kind: "left", realm });
      },
    };
  }

  async ready(): Promise<void> {
    // The second time for what the others have kept: they are asked for it when they know all facts of this one.
    for (let time = 0; time < 2; time++) {
      await this.#arrived();
      await Promise.all([...this.#others.values()].map(({ node }) => node.#arrivedAt(this.node)));
    }
  }

  async close(): Promise<void> {
    await this.#arrived();
    this.#gone(this.node);
  }

  /** Nothing leaves the node any more. */
  end(): void {
    this.#hasEnded = true;
    for (const { pipe } of this.#others.values()) pipe.end();
    this.#others.clear();
  }

  /** Another node is gone. */
  lost(node: NodeName): void {
    this.pipeTo(node)?.end();
    if (!this.#others.delete(node)) return;
    for (const side of this.#sides.values()) side.gone(node);
  }

  received(from: NodeName, bytes: Uint8Array): void {
    const frame = frameOf(bytes);
    if (frame?.kind === "announcement") return void this.#router?.announced(from, frame.announcement);
    const side = frame === null ? undefined : this.#sides.get(frame.realm);
    if (frame === null || side === undefined) return;
    switch (frame.kind) {
      case "hello":
        side.came(from);
        this.#greet("came", from, side);
        return;
      case "came":
        return side.came(from);
      case "told":
        return this.#tellAll(from, side, side.kept());
      case "left":
        return side.gone(from);
      case "fact":
        return void side.told(from, frame.fact, frame.holds);
      case "message":
        return void side.received(from, frame.message);
    }
  }

  /** Tells a node that this one has a realm, and its facts. */
  #greet(kind: "hello" | "came", node: NodeName, side: RealmSide): void {
    const { realm } = side;
    this.#sendAll([node], { kind, realm });
    this.#tellAll(node, side, side.facts());
    this.#sendAll([node], { kind: "told", realm });
  }

  #tellAll(node: NodeName, { realm }: RealmSide, facts: Iterable<Fact>): void {
    for (const fact of facts) this.#sendAll([node], { kind: "fact", realm, fact, holds: true });
  }

  #sendAll(nodes: readonly NodeName[], frame: Frame): void {
    const bytes = serialize(frame);
    for (const node of nodes) this.pipeTo(node)?.send(bytes);
  }

  /** The way to the arbiter takes time, too, and what is asked comes there in its order. */
  #atArbiter<T>(ask: () => T): Promise<T> {
    const answer = this.#lastClaim.then(async () => {
      const ms = this.#delay();
      await (ms > 0 ? setTimeout(ms) : setImmediate());
      if (this.#hasEnded) throw new Error(`the node ${this.node} has ended`);
      return ask();
    });
    this.#lastClaim = answer.catch(() => undefined);
    return answer;
  }

  /** Resolves when all that was sent has arrived. */
  async #arrived(): Promise<void> {
    await Promise.all([...this.#others.keys()].map((node) => this.#arrivedAt(node)));
  }

  async #arrivedAt(node: NodeName): Promise<void> {
    await this.pipeTo(node)?.emptied();
  }
}

/** A frame from its bytes; null if they are none. */
function frameOf(bytes: Uint8Array): Frame | null {
  try {
    const frame: unknown = deserialize(bytes);
    return isDict(frame) && typeof frame["realm"] === "string" ? (frame as unknown as Frame) : null;
  } catch {
    return null;
  }
}
