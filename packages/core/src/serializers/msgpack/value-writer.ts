import { BinaryWriter } from "../binary-writer.ts";
import { TIMESTAMP, timestampOf } from "./timestamp.ts";

/** Writes values in MessagePack. */
export class MsgpackWriter extends BinaryWriter {
  readonly name = "MessagePack";

  null(): void {
    this.#byte(0xc0);
  }

  boolean(value: boolean): void {
    this.#byte(value ? 0xc3 : 0xc2);
  }

  integer(value: number): void {
    this.value();
    this.reserve(9);
    if (value >= 0) {
      if (value < 0x80) this.putByte(value);
      else if (value < 0x100) this.putSized(0xcc, 1, value);
      else if (value < 0x1_0000) this.putSized(0xcd, 2, value);
      else if (value < 2 ** 32) this.putSized(0xce, 4, value);
      else this.putSized(0xcf, 8, value);
    } else if (value >= -0x20) this.putByte(value & 0xff);
    else if (value >= -0x80) this.putSized(0xd0, 1, value & 0xff);
    else if (value >= -0x8000) this.putSized(0xd1, 2, value & 0xffff);
    else if (value >= -(2 ** 31)) this.putSized(0xd2, 4, value);
    else this.putSized(0xd3, 8, value);
  }

  bigInteger(value: bigint): void {
    if (value === BigInt.asUintN(64, value)) this.#big(0xcf, value);
    else if (value === BigInt.asIntN(64, value)) this.#big(0xd3, value);
    else throw this.refused("an integer of more than 64 bits");
  }

  float(value: number): void {
    this.value();
    this.reserve(9);
    this.putDouble(0xcb, value);
  }

  binary(bytes: Buffer, begin: number, end: number): void {
    this.value();
    const size = end - begin;
    this.reserve(size + 5);
    if (size < 0x100) this.putSized(0xc4, 1, size);
    else if (size < 0x1_0000) this.putSized(0xc5, 2, size);
    else this.putSized(0xc6, 4, size);
    this.put(bytes, begin, end);
  }

  time(seconds: bigint, nanos: number): void {
    const stamp = timestampOf({ seconds, nanos });
    if (stamp === null) throw this.refused("a time of more than 64 bits");
    this.value();
    this.reserve(15);
    if (stamp.length === 12) this.putSized(0xc7, 1, 12);
    else this.putByte(stamp.length === 4 ? 0xd6 : 0xd7);
    this.putByte(TIMESTAMP & 0xff);
    this.put(stamp, 0, stamp.length);
  }

  protected putTextHead(length: number): void {
    if (length < 0x20) this.putByte(0xa0 | length);
    else if (length < 0x100) this.putSized(0xd9, 1, length);
    else if (length < 0x1_0000) this.putSized(0xda, 2, length);
    else this.putSized(0xdb, 4, length);
  }

  protected headSize(count: number): number {
    return count < 16 ? 1 : count < 0x1_0000 ? 3 : 5;
  }

  protected putHead(at: number, count: number, isDict: boolean): void {
    const { out } = this;
    if (count < 16) out[at] = (isDict ? 0x80 : 0x90) | count;
    else if (count < 0x1_0000) out.writeUInt16BE(count, out.writeUInt8(isDict ? 0xde : 0xdc, at));
    else out.writeUInt32BE(count, out.writeUInt8(isDict ? 0xdf : 0xdd, at));
  }

  #byte(byte: number): void {
    this.value();
    this.reserve(1);
    this.putByte(byte);
  }

  #big(kind: number, value: bigint): void {
    this.value();
    this.reserve(9);
    this.putBig(kind, value);
  }
}
