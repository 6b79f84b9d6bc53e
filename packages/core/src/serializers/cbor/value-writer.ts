import { BinaryWriter } from "../binary-writer.ts";
import { floatOf, isoOf } from "../time.ts";
import { bytesOfInteger } from "../big-integer.ts";

const [UNSIGNED, NEGATIVE, BYTES, TEXT, LIST, DICT] = [0x00, 0x20, 0x40, 0x60, 0x80, 0xa0] as const;
const TIME_TEXT = 0xc0;
const TIME = 0xc1;
const BIG = 0xc2;
const BIG_NEGATIVE = 0xc3;
const DOUBLE = 0xfb;

/** Writes values in CBOR (RFC 8949). */
export class CborWriter extends BinaryWriter {
  readonly name = "CBOR";

  null(): void {
    this.#byte(0xf6);
  }

  boolean(value: boolean): void {
    this.#byte(value ? 0xf5 : 0xf4);
  }

  integer(value: number): void {
    this.value();
    this.reserve(9);
    this.#putInteger(value);
  }

  bigInteger(value: bigint): void {
    this.value();
    const [kind, number] = value < 0n ? [NEGATIVE, -1n - value] : [UNSIGNED, value];
    if (number === BigInt.asUintN(64, number)) {
      this.reserve(9);
      this.putBig(kind | 0x1b, number);
      return;
    }
    const bytes = bytesOfInteger(number);
    this.reserve(bytes.length + 10);
    this.putByte(value < 0n ? BIG_NEGATIVE : BIG);
    this.#putNumber(BYTES, bytes.length);
    this.put(bytes, 0, bytes.length);
  }

  float(value: number): void {
    this.value();
    this.reserve(9);
    this.putDouble(DOUBLE, value);
  }

  binary(bytes: Buffer, begin: number, end: number): void {
    this.value();
    this.reserve(end - begin + 9);
    this.#putNumber(BYTES, end - begin);
    this.put(bytes, begin, end);
  }

  time(seconds: bigint, nanos: number): void {
    this.value();
    this.reserve(48);
    if (nanos === 0) {
      this.putByte(TIME);
      const [kind, number] = seconds < 0n ? [NEGATIVE, -1n - seconds] : [UNSIGNED, seconds];
      if (number !== BigInt.asUintN(64, number)) throw this.refused("a time of more than 64 bits");
      this.#putNumber(kind, Number(number), number);
      return;
    }
    const float = floatOf({ seconds, nanos });
    if (float !== null) {
      this.putByte(TIME);
      this.putDouble(DOUBLE, float);
      return;
    }
    const text = isoOf({ seconds, nanos });
    if (text === null || !/^\d/.test(text)) throw this.refused("a time of that many digits");
    this.putByte(TIME_TEXT);
    this.#putNumber(TEXT, text.length);
    this.at += this.out.write(text, this.at, "latin1");
  }

  protected putTextHead(length: number): void {
    this.#putNumber(TEXT, length);
  }

  protected headSize(count: number): number {
    return count < 24 ? 1 : count < 0x100 ? 2 : count < 0x1_0000 ? 3 : 5;
  }

  protected putHead(at: number, count: number, isDict: boolean): void {
    const end = this.at;
    this.at = at;
    this.#putNumber(isDict ? DICT : LIST, count);
    this.at = end;
  }

  #putInteger(value: number): void {
    if (value < 0) this.#putNumber(NEGATIVE, -1 - value);
    else this.#putNumber(UNSIGNED, value);
  }

  /** A first byte with a number. @param exact where it may have more digits than a number of JavaScript */
  #putNumber(kind: number, number: number, exact?: bigint): void {
    if (number < 24) this.putByte(kind | number);
    else if (number < 0x100) this.putSized(kind | 0x18, 1, number);
    else if (number < 0x1_0000) this.putSized(kind | 0x19, 2, number);
    else if (number < 2 ** 32) this.putSized(kind | 0x1a, 4, number);
    else if (exact !== undefined) this.putBig(kind | 0x1b, exact);
    else this.putSized(kind | 0x1b, 8, number);
  }

  #byte(byte: number): void {
    this.value();
    this.reserve(1);
    this.putByte(byte);
  }
}
