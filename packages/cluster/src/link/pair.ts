import type { NodeName } from "@wampgate/core";
import { Bundle } from "./bundle.ts";
import { type Content, contentOf } from "./content.ts";
import { type Envelope, FIXED, Kind, mark, type Marks, Parts, partsOf, writeEnvelope, writeParts } from "./envelope.ts";
import { EVENT } from "./kinds.ts";
import type { PairLimits } from "./pair-limits.ts";
import { Unacknowledged } from "./unacknowledged.ts";

/** The last number of an epoch: the next one would not fit into the envelope. */
const MAX_NUMBER = 0xffff_ff00;

/** The share of the window, and the number of messages, after which one asks to be acknowledged with what leaves with it. */
const ASKING_SHARE = 1 / 8;
const ASKING_COUNT = 1024;

/** What one end of a pair does with a content. */
export type Sent = "sent" | "over" | "too much";

/** The most that several contents have together as one envelope, in bytes. */
const MOST_TOGETHER = 256 * 1024;

/** What an envelope is for the end that gets it: a whole bundle, a part or nothing to read, or a sign that one is missing. */
export type Taken = Envelope | null | "gap";

/**
 * This node's end of a pair of nodes. Each end chooses an epoch when the pair opens, and each envelope names both: so what
 * was sent before a reset is not taken for what was sent after it. Numbers tell when one is missing. Nothing is sent twice:
 * the pair is reset instead, and each node tells its facts again. All that is sent in one turn of the event loop leaves
 * together: an envelope costs about the same for one content and for many.
 */
export class Pair {
  readonly node: NodeName;
  /** Which start of the other node it is with; null if it is not known yet. */
  incarnation: string | null = null;
  /** Whether this end had given the other one up, or an earlier start of it. */
  hadGivenUp: boolean;
  #epoch: number;
  #peerEpoch = 0;
  #isOpen = false;
  #hasOpened = false;
  /** When the other node gave a sign of life, in milliseconds of `performance.now()`. */
  heard = performance.now();
  /** How often in a row nobody got what was sent to it. */
  absences = 0;
  /** Whether something was not sent to it since it opened. */
  isMissingSome = false;
  /** Whether events were not sent to it, since too much waited or the network was away. */
  hasMissedEvents = false;
  /** When it was last told what it had missed, in milliseconds of `performance.now()`. */
  caughtUpAt = -Infinity;
  readonly #write: (bytes: Buffer) => void;
  readonly #leavesSoon: (pair: Pair) => void;
  readonly #bundle = new Bundle();
  readonly #limits: PairLimits;
  readonly #unacknowledged: Unacknowledged;
  readonly #parts = new Parts();
  #lastSent = 0;
  #lastTaken = 0;
  #lastAcknowledged = 0;
  /** Since one asked to be acknowledged. */
  #quietBytes = 0;
  #quietCount = 0;
  #isAsked = false;

  /**
   * @param leavesSoon called when there is something to leave: let it, by `leave`, at the end of the turn of the event loop
   * @param limits they may change
   * @param heartbeat called with the milliseconds from a heartbeat to its acknowledgement
   */
  constructor(
    node: NodeName,
    epoch: number,
    hadGivenUp: boolean,
    write: (bytes: Buffer) => void,
    leavesSoon: (pair: Pair) => void,
    limits: PairLimits,
    heartbeat: (ms: number) => void = () => undefined,
  ) {
    this.node = node;
    this.#epoch = epoch;
    this.hadGivenUp = hadGivenUp;
    this.#write = write;
    this.#leavesSoon = leavesSoon;
    this.#limits = limits;
    this.#unacknowledged = new Unacknowledged(heartbeat);
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The epoch of the other end; 0 if it is not known. */
  get peerEpoch(): number {
    return this.#peerEpoch;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether it was ever open. */
  get hasOpened(): boolean {
    return this.#hasOpened;
  }

  /** In bytes. */
  get waiting(): number {
    return this.#unacknowledged.bytes;
  }

  /** When the oldest envelope was sent that asks to be acknowledged and is not; null: there is none. */
  get unacknowledgedSince(): number | null {
    return this.#unacknowledged.since;
  }

  /** Whether the other end waits to know what was taken. */
  get owesAcknowledgement(): boolean {
    return this.#isOpen && this.#isAsked && this.#lastTaken !== this.#lastAcknowledged;
  }

  /** Whether what was sent last does not ask to be acknowledged: then a heartbeat has to. */
  get isQuiet(): boolean {
    return this.#unacknowledged.isQuiet;
  }

  /** The other end has told its epoch. */
  meet(peerEpoch: number): void {
    this.#peerEpoch = peerEpoch;
  }

  /** The other end knows this one's epoch. */
  open(): void {
    this.#isOpen = true;
    this.#hasOpened = true;
    this.isMissingSome = false;
  }

  /** Begins again. @returns words for what may be lost */
  reset(epoch: number): readonly string[] {
    this.#epoch = epoch;
    this.#peerEpoch = 0;
    this.#isOpen = false;
    this.#lastSent = 0;
    this.#lastTaken = 0;
    this.#lastAcknowledged = 0;
    this.#quietBytes = 0;
    this.#quietCount = 0;
    this.#isAsked = false;
    this.#parts.clear();
    this.#bundle.clear();
    return this.#unacknowledged.end();
  }

  /** Sends what has no number: it may be lost without a sign. */
  notice(kind: number, value: unknown): void {
    this.#write(writeEnvelope(contentOf(kind, value), this.#marks(0, false)));
  }

  /**
   * Sends the next content. An event is dropped if too much waits. Other messages are sent up to twice that much. Facts are
   * no more than what this node holds: they are always sent, and not counted.
   * @param word of kinds.ts
   */
  send(content: Content, word: string): Sent {
    const size = content.kind === Kind.message ? content.size : 0;
    const { maxBytes, window } = this.#limits;
    const before = this.#unacknowledged.bytes;
    const quiet = window * ASKING_SHARE;
    // One alone may be as long as it wants, also if what was sent before has just not asked to be acknowledged.
    if (word === EVENT && before + size > window && before > quiet) return "over";
    if (this.#lastSent + 1 + partsOf(FIXED + content.size, maxBytes) > MAX_NUMBER) return "too much";
    if (before + size > 2 * window && before > window) return "too much";
    this.#quietBytes += size;
    const asks = content.kind !== Kind.message || this.#quietBytes > quiet || ++this.#quietCount >= ASKING_COUNT;
    if (asks) this.#quietBytes = this.#quietCount = 0;
    this.#put(content, Math.min(MOST_TOGETHER, maxBytes));
    this.#unacknowledged.add(size, asks, word);
    return "sent";
  }

  /** Lets leave what waits for the end of the turn. */
  leave(): void {
    if (this.#bundle.isEmpty) return;
    const { maxBytes } = this.#limits;
    const bytes = this.#bundle.take();
    const count = partsOf(bytes.length, maxBytes);
    const marks = this.#marks(this.#lastSent + 1, this.#unacknowledged.asks);
    this.#lastSent += count;
    this.#unacknowledged.left(this.#lastSent);
    if (count > 1) for (const part of writeParts(bytes, marks, maxBytes)) this.#write(part);
    else {
      mark(bytes, Kind.bundle, marks);
      this.#write(bytes);
    }
  }

  acknowledge(): void {
    this.notice(Kind.ack, null);
  }

  /** Takes an envelope of this pair's epochs. */
  take(envelope: Envelope): Taken {
    const { kind, number, acknowledged } = envelope;
    if (acknowledged <= this.#lastSent) this.#unacknowledged.acknowledge(acknowledged);
    if (kind !== Kind.bundle || number <= this.#lastTaken) return null;
    if (number !== this.#lastTaken + 1) return "gap";
    this.#lastTaken = number;
    if (envelope.asks) this.#isAsked = true;
    const whole = this.#parts.add(envelope);
    return whole === undefined ? "gap" : whole;
  }

  /** Resolves when the other end has acted by all that was sent until now, or never will. What waits leaves. */
  settled(): Promise<void> {
    this.leave();
    return this.#unacknowledged.emptied();
  }

  /** @param most how long several contents may be together */
  #put(content: Content, most: number): void {
    const bundle = this.#bundle;
    if (!bundle.isEmpty && (!bundle.fits(content) || bundle.length + content.size > most)) this.leave();
    if (bundle.isEmpty) this.#leavesSoon(this);
    bundle.add(content);
  }

  #marks(number: number, asks: boolean): Marks {
    this.#lastAcknowledged = this.#lastTaken;
    this.#isAsked = false;
    return { epoch: this.#epoch, peerEpoch: this.#peerEpoch, number, acknowledged: this.#lastTaken, asks };
  }
}
