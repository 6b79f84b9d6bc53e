import { randomBytes } from "node:crypto";
import type { Arbiter, Carrier, Receiver } from "@wampgate/cluster";
import { type Log, type NodeName, unlessRepeated } from "@wampgate/core";
import { type Channel, Channels, FrameKind, OVERHEAD, readHead, SALT_BYTES } from "./channel.ts";
import { SealedArbiter } from "./sealed-arbiter.ts";

/** How many earlier processes of a node are remembered: nothing of theirs is taken. */
const MOST_ENDED = 10_000;

/** A process of another node. */
interface Peer {
  /** In hex. */
  readonly salt: string;
  readonly toOne: Channel;
  readonly fromOne: Channel;
  readonly toAll: Channel;
  /** What it told all, until it is known that it is there now. */
  held: Uint8Array | null;
}

/** What is known of a node. */
interface Known {
  /** The process that has answered this one. */
  present: Peer | null;
  /** One that has told all that it is there, which may be long ago. */
  candidate: Peer | null;
  /** Salts of processes that are over. */
  readonly ended: Set<string>;
}

/**
 * Seals what another carrier carries. Those who carry can drop, delay and cut off, but neither read nor forge, change or
 * repeat. What a process tells all is taken only once it has proved that it is there now: it answers with this process's salt.
 */
export class SealedCarrier implements Carrier, Receiver {
  readonly arbiter: Arbiter;
  readonly #carrier: Carrier;
  readonly #log: Log;
  readonly #channels: Channels;
  readonly #toAll: Channel;
  readonly #nodes = new Map<NodeName, Known>();
  #receiver: Receiver | null = null;

  constructor(carrier: Carrier, clusterKey: Uint8Array, cluster: string, log: Log) {
    this.#carrier = carrier;
    this.#log = log;
    this.#channels = new Channels(clusterKey, cluster, carrier.node, randomBytes(SALT_BYTES));
    this.#toAll = this.#channels.toAll();
    this.arbiter = new SealedArbiter(carrier.arbiter, clusterKey, cluster);
  }

  get node(): NodeName {
    return this.#carrier.node;
  }

  get maxBytes(): number {
    return this.#carrier.maxBytes - OVERHEAD;
  }

  get forgets(): boolean {
    return this.#carrier.forgets ?? false;
  }

  start(receiver: Receiver): void {
    this.#receiver = receiver;
    this.#carrier.start(this);
  }

  send(to: NodeName, bytes: Uint8Array): void {
    const peer = this.#nodes.get(to)?.present;
    if (peer != null) this.#carrier.send(to, peer.toOne.seal(FrameKind.toOne, bytes));
  }

  sendAll(bytes: Uint8Array): void {
    this.#carrier.sendAll(this.#toAll.seal(FrameKind.toAll, bytes));
  }

  taken(): Promise<void> {
    return this.#carrier.taken?.() ?? Promise.resolve();
  }

  close(): Promise<void> {
    return this.#carrier.close();
  }

  received(from: NodeName, frame: Uint8Array): void {
    if (from === this.node) return;
    const head = readHead(frame);
    const salt = head?.salt.toString("hex") ?? "";
    if (head === null) return this.#refused(from);
    if (this.#nodes.get(from)?.ended.has(salt) === true) return;
    switch (head.kind) {
      case FrameKind.toAll:
        return this.#fromAll(from, head.salt, frame);
      case FrameKind.toOne:
      case FrameKind.greeting:
        return this.#fromOne(from, head.salt, head.kind, frame);
      default:
        return this.#refused(from);
    }
  }

  ended(node: NodeName): void {
    this.#receiver?.ended(node);
  }

  absent(node: NodeName): void {
    this.#receiver?.absent(node);
  }

  disconnected(isForGood?: boolean): void {
    this.#receiver?.disconnected(isForGood);
  }

  connected(): void {
    this.#receiver?.connected();
  }

  #fromAll(from: NodeName, salt: Buffer, frame: Uint8Array): void {
    const known = this.#nodes.get(from);
    const peer = [known?.present, known?.candidate].find((one) => one?.salt === salt.toString("hex"));
    const sender = peer ?? this.#peer(from, salt);
    const bytes = sender.toAll.open(frame);
    if (bytes === null) return this.#refused(from);
    if (sender === known?.present) return this.#receiver?.received(from, bytes);
    sender.held = bytes;
    this.#known(from).candidate = sender;
    this.#carrier.send(from, sender.toOne.seal(FrameKind.greeting, new Uint8Array()));
  }

  #fromOne(from: NodeName, salt: Buffer, kind: number, frame: Uint8Array): void {
    const known = this.#nodes.get(from);
    const peer = [known?.present, known?.candidate].find((one) => one?.salt === salt.toString("hex"));
    const sender = peer ?? this.#peer(from, salt);
    const bytes = sender.fromOne.open(frame);
    // One that is not known may have been for an earlier process of this node.
    if (bytes === null) return peer === undefined ? undefined : this.#refused(from);
    if (sender !== known?.present) this.#isPresent(from, sender);
    if (kind === FrameKind.toOne) this.#receiver?.received(from, bytes);
  }

  /** A process has proved that it is there now: only it can know its key with this process's salt. */
  #isPresent(from: NodeName, peer: Peer): void {
    const known = this.#known(from);
    if (known.present !== null) known.ended.add(known.present.salt);
    const [oldest] = known.ended;
    if (known.ended.size > MOST_ENDED && oldest !== undefined) known.ended.delete(oldest);
    known.present = peer;
    if (known.candidate === peer) known.candidate = null;
    // It may not know yet that this one is there.
    this.#carrier.send(from, peer.toOne.seal(FrameKind.greeting, new Uint8Array()));
    const { held } = peer;
    peer.held = null;
    if (held !== null) this.#receiver?.received(from, held);
  }

  #known(node: NodeName): Known {
    const known = this.#nodes.get(node) ?? { present: null, candidate: null, ended: new Set<string>() };
    this.#nodes.set(node, known);
    return known;
  }

  #peer(node: NodeName, salt: Buffer): Peer {
    const channels = this.#channels;
    return {
      salt: salt.toString("hex"),
      toOne: channels.to(node, salt),
      fromOne: channels.from(node, salt),
      toAll: channels.fromOneToAll(node, salt),
      held: null,
    };
  }

  #refused(from: NodeName): void {
    unlessRepeated(this, `refused ${from}`, (repeats) =>
      this.#log.warn(
        { node: from, ...repeats },
        "what came in the name of another node was not sealed by it now, and was dropped: all nodes need the same seal in cluster",
      ),
    );
  }
}
