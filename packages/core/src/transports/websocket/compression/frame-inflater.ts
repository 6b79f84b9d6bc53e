import { whenDone } from "../../../wamp/guarded.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { inflate, TooLarge } from "./zlib-jobs.ts";

/** A smaller message may grow as it likes: its memory is no matter. */
const HARMLESS = 64 * 1024;

const FINAL = 0x80;
const RESERVED = 0x70;
const COMPRESSED = 0x40;
const MASKED = 0x80;
const CONTINUATION = 0;
const BINARY = 2;
const FIRST_CONTROL = 8;
const NOTHING = Buffer.alloc(0);
const NO_MASK = Buffer.alloc(4);

/** How large compressed messages may become. */
export interface InflateLimits {
  readonly maxMessageSize: number;
  /** How many times as large as it came. */
  readonly maxRatio: number;
  /** How many frames one message may come in. */
  readonly maxFragments: number;
}

/** Why the connection has to end. */
export interface Refusal {
  /** As in a closing frame (RFC 6455 section 7.4.1). */
  readonly code: 1002 | 1007 | 1008 | 1009;
  /** The limit that was hit; null if the client broke the protocol. */
  readonly limit: string | null;
  /** What the client did: `sent …`. */
  readonly text: string;
}

/** What becomes of the frames. */
export interface FrameSink {
  push(bytes: Uint8Array): void;
  /** Whether a message is being decompressed: until then more input would only wait. */
  busy(isBusy: boolean): void;
  refused(refusal: Refusal): void;
}

/** A message that comes compressed, in one frame or several. */
interface Message {
  readonly opcode: number;
  readonly bytes: GrowingBytes;
  fragments: number;
}

interface Frame {
  readonly mask: Uint8Array;
  readonly isFinal: boolean;
  readonly length: number;
  at: number;
}

/**
 * Turns a client's compressed messages into plain ones (RFC 7692), within the stream of its frames. All else passes
 * unchanged, also what is wrong: who reads the plain frames refuses it, and compressed ones before WELCOME too.
 */
export class FrameInflater {
  /** Whether compressed messages are taken. Before WELCOME a few bytes of a stranger must not become many. */
  isAllowed = false;
  readonly #limits: InflateLimits;
  readonly #sink: FrameSink;
  #input: Buffer = NOTHING;
  /** How many bytes of a frame's payload still pass. */
  #passing = 0;
  /** Whether a plain message is incomplete. */
  #isFragmented = false;
  #message: Message | null = null;
  #frame: Frame | null = null;
  #isBusy = false;
  #isRefused = false;

  constructor(limits: InflateLimits, sink: FrameSink) {
    this.#limits = limits;
    this.#sink = sink;
  }

  feed(chunk: Buffer): void {
    if (this.#isRefused) return;
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
    this.#goOn();
  }

  #goOn(): void {
    while (!this.#waits() && !this.#isRefused && this.#step());
  }

  /** A method, since each step may change the answer. */
  #waits(): boolean {
    return this.#isBusy;
  }

  /** @returns whether there is more to do */
  #step(): boolean {
    if (this.#passing > 0) return this.#pass();
    if (this.#message !== null && this.#frame !== null) return this.#gather(this.#message, this.#frame);
    return this.#begin();
  }

  #pass(): boolean {
    const piece = this.#take(Math.min(this.#passing, this.#input.length));
    this.#passing -= piece.length;
    if (piece.length > 0) this.#sink.push(piece);
    return this.#input.length > 0;
  }

  /** Reads the head of a frame (RFC 6455 section 5.2). */
  #begin(): boolean {
    const [first, second] = this.#input;
    if (first === undefined || second === undefined) return false;
    const short = second & 0x7f;
    const maskAt = short === 126 ? 4 : short === 127 ? 10 : 2;
    const isMasked = (second & MASKED) !== 0;
    const size = maskAt + (isMasked ? 4 : 0);
    if (this.#input.length < size) return false;
    const head = this.#take(size);
    const length = short === 126 ? head.readUInt16BE(2) : short === 127 ? Number(head.readBigUInt64BE(2)) : short;
    const opcode = first & 0x0f;
    const isFinal = (first & FINAL) !== 0;
    const isControl = opcode >= FIRST_CONTROL;
    if (!isControl && isMasked && this.#isCompressed(opcode, first & RESERVED)) {
      this.#message ??= { opcode, bytes: new GrowingBytes(), fragments: 0 };
      this.#frame = { mask: head.subarray(maskAt), isFinal, length, at: 0 };
      return this.#mayCome(this.#message, length);
    }
    if (this.#message !== null && !isControl) return this.#refuse(1002, null, "sent a message within another one");
    if (!isControl) this.#isFragmented = !isFinal;
    this.#passing = length;
    this.#sink.push(head);
    return true;
  }

  /** Whether a data frame belongs to a compressed message. Only the first one of a message is marked. */
  #isCompressed(opcode: number, reserved: number): boolean {
    if (this.#message !== null) return opcode === CONTINUATION && reserved === 0;
    const begins = opcode !== CONTINUATION && opcode <= BINARY && !this.#isFragmented;
    return begins && reserved === COMPRESSED && this.isAllowed;
  }

  #mayCome(message: Message, length: number): boolean {
    const { maxMessageSize, maxFragments } = this.#limits;
    if (message.bytes.length + length > maxMessageSize) return this.#tooLarge();
    if (++message.fragments > maxFragments) return this.#refuse(1008, null, "sent a message in too many fragments");
    return true;
  }

  #gather(message: Message, frame: Frame): boolean {
    const piece = this.#take(Math.min(frame.length - frame.at, this.#input.length));
    message.bytes.appendUnmasked(piece, frame.mask, frame.at);
    frame.at += piece.length;
    if (frame.at < frame.length) return false;
    this.#frame = null;
    if (!frame.isFinal) return true;
    this.#message = null;
    this.#inflate(message);
    return false;
  }

  #inflate({ opcode, bytes: { bytes } }: Message): void {
    const { maxMessageSize, maxRatio } = this.#limits;
    const most = Math.min(maxMessageSize, Math.max(HARMLESS, bytes.length * maxRatio));
    this.#isBusy = true;
    this.#sink.busy(true);
    const done = (plain: Buffer): void => {
      this.#sink.push(headOf(opcode, plain.length));
      if (plain.length > 0) this.#sink.push(plain);
      this.#isBusy = false;
      this.#goOn();
      if (!this.#waits()) this.#sink.busy(false);
    };
    const failed = (error: unknown): void => {
      if (!(error instanceof TooLarge)) this.#refuse(1007, null, "sent a compressed message that is none");
      else if (most === maxMessageSize) this.#tooLarge();
      else {
        const what = `sent a compressed message that grows to more than ${maxRatio} times its size`;
        this.#refuse(1009, "compression.max-ratio", what);
      }
      this.#sink.busy(false);
    };
    whenDone(inflate(bytes, most), done, failed);
  }

  #tooLarge(): boolean {
    return this.#refuse(1009, "max-message-size", "sent too large a message, compressed");
  }

  #refuse(code: Refusal["code"], limit: string | null, text: string): false {
    this.#isRefused = true;
    this.#input = NOTHING;
    this.#message = null;
    this.#sink.refused({ code, limit, text });
    return false;
  }

  #take(size: number): Buffer {
    const piece = this.#input.subarray(0, size);
    this.#input = this.#input.subarray(size);
    return piece;
  }
}

/** The head of a client's whole frame. Its mask is zero, so that the payload stays as it is. */
function headOf(opcode: number, length: number): Buffer {
  const first = Buffer.from([FINAL | opcode, MASKED | (length < 126 ? length : length <= 0xffff ? 126 : 127)]);
  if (length < 126) return Buffer.concat([first, NO_MASK]);
  const more = Buffer.alloc(length <= 0xffff ? 2 : 8);
  if (length <= 0xffff) more.writeUInt16BE(length);
  else more.writeBigUInt64BE(BigInt(length));
  return Buffer.concat([first, more, NO_MASK]);
}
