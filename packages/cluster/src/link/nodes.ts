import { randomInt, randomUUID } from "node:crypto";
import { setImmediate } from "node:timers";
import { isDict, type Log, type NodeName, unlessRepeated } from "@wampgate/core";
import type { Carrier, Receiver } from "../carrier.ts";
import { type Content, contentAt, contentOf, headIn, type Inside } from "./content.ts";
import type { GoneBy, LinkCounts } from "./counts.ts";
import { type Envelope, headOf, Kind, NO_PAIR, readEnvelope, VERSION, versionOf, writeEnvelope } from "./envelope.ts";
import { EVENT, wordOf } from "./kinds.ts";
import { Leaving } from "./leaving.ts";
import { readMessage } from "./message.ts";
import type { NodesListener } from "./nodes-listener.ts";
import type { LinkOptions } from "./options.ts";
import { Pair } from "./pair.ts";
import { type PairLimits, pairLimits } from "./pair-limits.ts";

/** How often a node is told what it has missed, in milliseconds at least: a slow one would get slower. */
const CATCH_UP = 10_000;

/** The other nodes: who is there and who is gone, and the pairs with them. */
export class Nodes implements Receiver {
  /** Which start of this node it is. */
  readonly incarnation = randomUUID();
  readonly #carrier: Carrier;
  readonly #options: LinkOptions;
  readonly #listener: NodesListener;
  readonly #log: Log;
  readonly #counts: LinkCounts;
  readonly #pairs = new Map<NodeName, Pair>();
  /** The last start of each node that was given up. */
  readonly #gone = new Map<NodeName, string>();
  /** The last start of each node that has ended for good: nothing of it is listened to. */
  readonly #ended = new Map<NodeName, string>();
  readonly #limits: PairLimits;
  readonly #hello: Content;
  readonly #leaving = new Leaving();
  /** Those to which more was to be sent than may wait. */
  readonly #overrun = new Set<Pair>();
  /** When this node lost the carrier, in milliseconds of `performance.now()`; null: it reaches it. */
  #cutOffSince: number | null = null;
  #isReplaced = false;
  /** When it reached it again. */
  #connectedAt = -Infinity;
  /** Begins at random: another process of this node's name has other epochs. */
  #lastEpoch = randomInt(2 ** 31);
  #timer: NodeJS.Timeout | undefined;
  #lastTick = performance.now();
  #hasEnded = false;

  constructor(carrier: Carrier, options: LinkOptions, listener: NodesListener, log: Log, counts: LinkCounts) {
    this.#carrier = carrier;
    this.#options = options;
    this.#listener = listener;
    this.#log = log;
    this.#counts = counts;
    this.#limits = pairLimits(carrier, options, () => this.#pairs.size);
    this.#hello = contentOf(Kind.hello, { incarnation: this.incarnation });
  }

  /** Says hello, now and with each heartbeat. */
  start(): void {
    this.#carrier.start(this);
    this.#timer = setInterval(() => this.#tick(), this.#options.heartbeat);
    this.#sayHello();
  }

  /** The nodes that are there. */
  get open(): NodeName[] {
    return [...this.#pairs.values()].filter(({ isOpen }) => isOpen).map(({ node }) => node);
  }

  /** What the nodes that are there have not acknowledged, in bytes. */
  get waiting(): number {
    return [...this.#pairs.values()].reduce((sum, pair) => sum + pair.waiting, 0);
  }

  /** Whether the network between the nodes can be reached. */
  get isConnected(): boolean {
    return this.#cutOffSince === null;
  }

  /** Whether another process has this node's name: it never reaches the network again. */
  get isReplaced(): boolean {
    return this.#isReplaced;
  }

  /** Whether a node has been heard of, and is not gone. */
  knows(node: NodeName): boolean {
    return this.#pairs.has(node);
  }

  /** Whether a start of a node is here, is gone, or was never heard of. */
  stateOf(node: NodeName, incarnation: string): "here" | "gone" | "unknown" {
    if (node === this.#carrier.node) return incarnation === this.incarnation ? "here" : "gone";
    const known = this.#pairs.get(node)?.incarnation;
    if (known === incarnation) return "here";
    if (typeof known === "string") return "gone";
    return this.#gone.get(node) === incarnation || this.#ended.get(node) === incarnation ? "gone" : "unknown";
  }

  /**
   * A claim of that start of a node was taken away, since it counted as gone. It may be here by now, or come later: then it
   * has to look at its claims again. It does so when a pair begins with a node that had given it up.
   */
  tookFrom(node: NodeName, incarnation: string): void {
    if (this.#ended.get(node) === incarnation) return;
    const pair = this.#pairs.get(node);
    if (pair === undefined && !this.#gone.has(node)) this.#gone.set(node, incarnation);
    if (pair === undefined || (pair.incarnation !== null && pair.incarnation !== incarnation)) return;
    pair.hadGivenUp = true;
    if (pair.isOpen) return this.#reset(pair, "a claim of it was taken while it came back");
    if (pair.epoch !== 0) pair.reset(++this.#lastEpoch); // it may have answered what said nothing of this
    this.#ask(pair);
  }

  /** Sends a content to a node. @param word of kinds.ts @returns whether it is on its way */
  send(node: NodeName, content: Content, word = wordOf(content.kind)): boolean {
    const pair = this.#pairs.get(node);
    if (pair === undefined) return false;
    if (!pair.isOpen || !this.isConnected) {
      if (word === EVENT) this.#counts.drop("cut-off");
      if (word === EVENT) pair.hasMissedEvents = true;
      else pair.isMissingSome = true;
      return false;
    }
    switch (pair.send(content, word)) {
      case "sent":
        this.#counts.counted(word, "sent");
        return true;
      case "over":
        this.#counts.drop("window");
        pair.hasMissedEvents = true;
        this.#tell("over", node, "events for another node were dropped: it is too slow");
        return false;
      case "too much":
        this.#resetSoon(pair);
        return false;
    }
  }

  /** Whether what is sent to a node leaves. */
  reaches(node: NodeName): boolean {
    return this.isConnected && this.#pairs.get(node)?.isOpen === true;
  }

  /** Whether a node can be reached, and has acknowledged most of what it was sent. */
  hasRoom(node: NodeName): boolean {
    const pair = this.#pairs.get(node);
    return pair !== undefined && this.isConnected && pair.isOpen && pair.waiting <= this.#limits.window;
  }

  /** What was sent in this turn of the event loop leaves now. */
  leave(): void {
    this.#leaving.now();
  }

  /** Resolves when all nodes that are there act by what they were sent until now, or are not there any more. */
  async settled(): Promise<void> {
    if (!this.isConnected) return;
    const open = [...this.#pairs.values()].filter(({ isOpen }) => isOpen);
    for (const { node, isQuiet } of open) if (isQuiet) this.send(node, BEAT);
    if (open.length > 0) await Promise.all(open.map((pair) => pair.settled()));
  }

  /** Says goodbye to all. */
  close(): void {
    if (this.#hasEnded) return;
    this.leave();
    for (const pair of this.#pairs.values()) if (pair.isOpen) pair.notice(Kind.bye, { incarnation: this.incarnation });
    this.#hasEnded = true;
    clearInterval(this.#timer);
    for (const pair of this.#pairs.values()) pair.reset(0);
    this.#pairs.clear();
  }

  received(from: NodeName, bytes: Uint8Array): void {
    if (this.#hasEnded || from === this.#carrier.node) return;
    this.#counts.bytes.received += bytes.length;
    const version = versionOf(bytes);
    const envelope = version === VERSION ? readEnvelope(bytes) : null;
    if (envelope === null) {
      this.#counts.unreadable++;
      const why = version === null || version === VERSION ? "it is no envelope" : `its version is not ${VERSION}`;
      return this.#tell("unreadable", from, `what another node sent cannot be read, and was dropped: ${why}`, {
        version,
      });
    }
    if (envelope.kind !== Kind.bundle) this.#counts.counted(wordOf(envelope.kind), "received");
    if (envelope.kind === Kind.hello || envelope.kind === Kind.open || envelope.kind === Kind.bye)
      return this.#introduced(from, envelope);
    if (envelope.kind === Kind.ask) return this.#listener.asked(from);
    if (envelope.kind === Kind.tell) return; // another node was faster
    const pair = this.#pairs.get(from);
    // It does not know that it was given up.
    if (pair === undefined) return this.#ask(this.#make(from));
    if (envelope.epoch !== pair.peerEpoch || envelope.peerEpoch !== pair.epoch) return;
    pair.heard = performance.now();
    pair.absences = 0;
    if (!pair.isOpen) this.#opened(pair);
    this.#take(pair, envelope);
  }

  ended(node: NodeName): void {
    const incarnation = this.#pairs.get(node)?.incarnation ?? null;
    if (incarnation !== null) this.#ended.set(node, incarnation);
    this.#giveUp(node, "its process has ended", "refused");
  }

  absent(node: NodeName): void {
    const pair = this.#pairs.get(node);
    // After a fault of the carrier itself the others come back one after the other.
    if (pair === undefined || performance.now() - this.#connectedAt < this.#options["dead-after"]) return;
    if (++pair.absences >= ABSENCES) this.#giveUp(node, "no process has its name", "refused");
  }

  disconnected(isForGood = false): void {
    this.#isReplaced ||= isForGood;
    if (!this.isConnected || this.#hasEnded) return;
    this.#cutOffSince = performance.now();
    this.#log.warn({}, "this node is cut off: it does not reach the network between the nodes");
  }

  connected(): void {
    if (this.#cutOffSince === null || this.#hasEnded) return;
    const now = performance.now();
    const ms = Math.round(now - this.#cutOffSince);
    this.#cutOffSince = null;
    this.#connectedAt = now;
    this.#log.info({ ms }, "this node is back: it reaches the network between the nodes again");
    for (const pair of [...this.#pairs.values()]) {
      pair.heard = now;
      if (pair.isOpen && pair.isMissingSome) this.#reset(pair, "this node was cut off");
      else if (!pair.isOpen) this.#ask(pair);
    }
    this.#sayHello();
    this.#listener.connected();
  }

  #take(pair: Pair, envelope: Envelope): void {
    const taken = pair.take(envelope);
    if (taken === "gap") return this.#reset(pair, "something that it sent is missing");
    if (pair.owesAcknowledgement) this.#leaving.soon(pair);
    if (taken === null) return;
    const { epoch } = pair;
    const { body } = taken;
    for (let at = taken.begin; at < body.length;) {
      const content = contentAt(body, at);
      if (content === null) return this.#unreadable(pair.node);
      at = content.end;
      this.#read(pair.node, content);
      // What follows was sent before the pair began again.
      if (pair.epoch !== epoch) return;
    }
  }

  #read(node: NodeName, content: Inside): void {
    const { kind } = content;
    if (kind === Kind.message) {
      const read = readMessage(content);
      if (read === null) return this.#unreadable(node);
      return this.#listener.messaged(node, read.realm, read.message);
    }
    this.#counts.counted(wordOf(kind), "received");
    if (kind === Kind.beat) return;
    const read = headIn(content);
    if (read === null) return this.#unreadable(node);
    this.#listener.received(node, kind, read.head);
  }

  #unreadable(node: NodeName): void {
    this.#counts.unreadable++;
    this.#tell("head", node, "what another node sent cannot be read, and was dropped");
  }

  /** A node says who it is. */
  #introduced(from: NodeName, envelope: Envelope): void {
    const head = headOf(envelope)?.head;
    const incarnation = isDict(head) ? head["incarnation"] : undefined;
    if (!isDict(head) || typeof incarnation !== "string") return this.#unreadable(from);
    if (this.#ended.get(from) === incarnation) return; // it is late
    let pair = this.#pairs.get(from);
    const known = pair?.incarnation;
    if (envelope.kind === Kind.bye) {
      if (known !== incarnation) return;
      this.#ended.set(from, incarnation);
      return this.#giveUp(from, "it has left", "bye");
    }
    if (typeof known === "string" && known !== incarnation) {
      if (this.#gone.get(from) === incarnation) return; // it was given up, and another process has its name now
      this.#ended.set(from, known);
      this.#giveUp(from, "it has started again", "refused");
      pair = undefined;
    }
    pair ??= this.#make(from);
    pair.incarnation = incarnation;
    pair.heard = performance.now();
    pair.absences = 0;
    if (envelope.kind === Kind.open) this.#shakeHands(pair, envelope, head["wasGone"] === true);
    else if (pair.epoch === 0) this.#ask(pair);
  }

  /** The other end begins, or answers this one. */
  #shakeHands(pair: Pair, { epoch, peerEpoch }: Envelope, wasGone: boolean): void {
    if (wasGone) this.#listener.wasGone();
    if (pair.epoch !== 0 && peerEpoch === pair.epoch) {
      if (pair.isOpen) return;
      pair.meet(epoch);
      return this.#opened(pair);
    }
    if (peerEpoch !== 0 || epoch < pair.peerEpoch) return; // it is late
    if (pair.isOpen && epoch === pair.peerEpoch) return this.#ask(pair); // the answer to it was lost
    if (pair.isOpen) this.#closed(pair, "it began again");
    if (pair.epoch === 0) pair.reset(++this.#lastEpoch);
    pair.meet(epoch);
    this.#ask(pair);
  }

  /** Tells the other end this one's epoch, and the one that it knows of it. */
  #ask(pair: Pair): void {
    if (pair.epoch === 0) pair.reset(++this.#lastEpoch);
    pair.notice(Kind.open, { incarnation: this.incarnation, wasGone: pair.hadGivenUp });
  }

  /** A pair that has no epoch yet. */
  #make(node: NodeName): Pair {
    const write = (bytes: Buffer): void => this.#write(node, bytes);
    const soon = (pair: Pair): void => this.#leaving.soon(pair);
    const heartbeat = (ms: number): void => this.#counts.hop.add(ms);
    const pair = new Pair(node, 0, this.#gone.has(node), write, soon, this.#limits, heartbeat);
    this.#pairs.set(node, pair);
    return pair;
  }

  /** @param node null: for all */
  #write(node: NodeName | null, bytes: Buffer): void {
    const kind = bytes.readUInt8(1);
    this.#counts.bytes.sent += bytes.length;
    if (kind !== Kind.bundle) this.#counts.counted(wordOf(kind), "sent");
    if (node === null) this.#carrier.sendAll(bytes);
    else this.#carrier.send(node, bytes);
  }

  #opened(pair: Pair): void {
    const { node, hasOpened, incarnation } = pair;
    const isBack = incarnation !== null && this.#gone.get(node) === incarnation;
    pair.open();
    if (!hasOpened) this.#log.info({ node }, isBack ? "another node is back" : "another node has joined");
    this.#listener.opened(pair.node);
  }

  #closed(pair: Pair, why: string): void {
    const lost = this.#counts.lose(pair.reset(++this.#lastEpoch));
    this.#counts.resets++;
    this.#tell("reset", pair.node, `calls between this node and another one were ended: ${why}`, { lost });
    this.#listener.broken(pair.node);
  }

  /** Something was lost: both ends begin again. */
  #reset(pair: Pair, why: string): void {
    this.#closed(pair, why);
    this.#ask(pair);
  }

  /** As `#reset`, but not while core is sending something. What it sends until then is lost, as what was on its way. */
  #resetSoon(pair: Pair): void {
    const { epoch } = pair;
    if (this.#overrun.has(pair)) return;
    this.#overrun.add(pair);
    setImmediate(() => {
      this.#overrun.delete(pair);
      if (pair.isOpen && pair.epoch === epoch) this.#reset(pair, "too much waits for it");
    });
  }

  #giveUp(node: NodeName, why: string, by: GoneBy): void {
    const pair = this.#pairs.get(node);
    if (pair === undefined) return;
    this.#pairs.delete(node);
    const { incarnation } = pair;
    if (incarnation !== null) this.#gone.set(node, incarnation);
    const { hasOpened } = pair;
    const lost = this.#counts.lose(pair.reset(0));
    // What was taken for a new start of the node says nothing: the one before may not have ended after all.
    if (by === "silence") this.#ended.delete(node);
    if (!hasOpened) return;
    this.#counts.nodeGone(by);
    this.#log.info({ node, lost }, `another node is gone: ${why}`);
    this.#listener.gone(node);
  }

  #tick(): void {
    const now = performance.now();
    // This process stood still itself: first it reads what waits.
    const isLate = now - this.#lastTick > 2 * this.#options.heartbeat;
    this.#lastTick = now;
    if (this.#cutOffSince !== null) return this.#tickAlone(now - this.#cutOffSince);
    this.#sayHello();
    for (const pair of [...this.#pairs.values()]) {
      const { heard, unacknowledgedSince, isOpen } = pair;
      const since = isOpen ? Math.min(heard, Math.max(unacknowledgedSince ?? heard, this.#connectedAt)) : heard;
      if (!isLate && now - since > this.#options["dead-after"]) this.#giveUp(pair.node, "it says nothing", "silence");
      else if (!isOpen) this.#ask(pair);
      else {
        this.#tellMissed(pair, now);
        this.send(pair.node, BEAT);
      }
    }
  }

  /** A node that has missed events is told what is kept of them once it has read all else. */
  #tellMissed(pair: Pair, now: number): void {
    const isReady = pair.unacknowledgedSince === null && this.isConnected;
    if (!pair.hasMissedEvents || !isReady || now - pair.caughtUpAt < CATCH_UP) return;
    pair.hasMissedEvents = false;
    pair.caughtUpAt = now;
    this.#listener.caughtUp(pair.node);
  }

  /** A node that is cut off gives nobody up. But calls to the others end, as they do there. */
  #tickAlone(ms: number): void {
    if (ms <= this.#options["dead-after"]) return;
    for (const pair of this.#pairs.values()) if (pair.isOpen) this.#closed(pair, "this node is cut off");
  }

  #sayHello(): void {
    this.#write(null, writeEnvelope(this.#hello, NO_PAIR));
  }

  #tell(kind: string, node: NodeName, message: string, more: Readonly<Record<string, unknown>> = {}): void {
    unlessRepeated(this, `${kind} ${node}`, (repeats) => this.#log.warn({ node, ...more, ...repeats }, message));
  }
}

const BEAT = contentOf(Kind.beat, null);

/** How often in a row nobody may get what is sent to a node, until it counts as gone. */
const ABSENCES = 2;
