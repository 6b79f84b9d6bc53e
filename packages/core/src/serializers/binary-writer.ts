import { ValueWriter } from "./value-writer.ts";

/** What the writers of MessagePack and CBOR share: a list begins with its size, which is known only at its end. */
export abstract class BinaryWriter extends ValueWriter {
  protected readonly gap = 0;

  /** How many bytes the head of a list or dictionary of `count` members takes. */
  protected abstract headSize(count: number, isDict: boolean): number;
  protected abstract putHead(at: number, count: number, isDict: boolean): void;
  protected abstract putTextHead(length: number): void;

  beginList(): void {
    this.#begin(false);
  }

  endList(): void {
    this.#end(false);
  }

  beginDict(): void {
    this.#begin(true);
  }

  endDict(): void {
    this.#end(true);
  }

  text(bytes: Buffer, begin: number, end: number): void {
    this.value();
    this.#putText(bytes, begin, end);
  }

  key(bytes: Buffer, begin: number, end: number): void {
    const at = this.at;
    this.#putText(bytes, begin, end);
    this.keyed(at);
  }

  protected value(): void {
    this.counted();
  }

  protected putGap(): void {
    // nothing stands between members
  }

  protected put(bytes: Buffer, begin: number, end: number): void {
    if (end - begin > 32) bytes.copy(this.out, this.at, begin, end);
    else for (let i = begin, to = this.at; i < end; i++) this.out[to++] = bytes[i] as number;
    this.at += end - begin;
  }

  protected putByte(byte: number): void {
    this.out[this.at++] = byte;
  }

  /** A first byte, and a number of 1, 2, 4 or 8 bytes behind it. */
  protected putSized(kind: number, size: 1 | 2 | 4 | 8, number: number): void {
    const { out } = this;
    out[this.at] = kind;
    let at = this.at + 1;
    if (size === 8) {
      const high = Math.floor(number / 2 ** 32);
      at = out.writeUInt32BE(high >>> 0, at);
      number -= high * 2 ** 32;
      out.writeUInt32BE(number, at);
    } else if (size === 4) out.writeUInt32BE(number >>> 0, at);
    else if (size === 2) {
      out[at] = number >>> 8;
      out[at + 1] = number;
    } else out[at] = number;
    this.at += 1 + size;
  }

  protected putBig(kind: number, number: bigint): void {
    this.out[this.at] = kind;
    this.out.writeBigUInt64BE(BigInt.asUintN(64, number), this.at + 1);
    this.at += 9;
  }

  protected putDouble(kind: number, number: number): void {
    this.out[this.at] = kind;
    this.out.writeDoubleBE(number, this.at + 1);
    this.at += 9;
  }

  #putText(bytes: Buffer, begin: number, end: number): void {
    this.reserve(end - begin + 9);
    this.putTextHead(end - begin);
    this.put(bytes, begin, end);
  }

  /** Leaves one byte for the head: most lists and dictionaries are short. */
  #begin(isDict: boolean): void {
    this.value();
    this.reserve(9);
    this.begin(isDict);
    this.at++;
  }

  #end(isDict: boolean): void {
    const head = this.end();
    const more = this.headSize(this.count, isDict) - 1;
    if (more > 0) {
      this.reserve(more);
      this.out.copyWithin(head + 1 + more, head + 1, this.at);
      this.at += more;
    }
    this.putHead(head, this.count, isDict);
    this.close();
  }
}
