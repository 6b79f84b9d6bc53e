const FIRST = 1024;

/** Bytes that come in pieces. However small these are, they cost no more than twice their length. */
export class GrowingBytes {
  #bytes = Buffer.allocUnsafe(0);
  length = 0;

  /** Appends a piece of a masked frame. @param at where in the frame it begins */
  appendUnmasked(piece: Uint8Array, mask: Uint8Array, at: number): void {
    const end = this.length + piece.length;
    if (end > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(FIRST, end, 2 * this.length));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    const target = this.#bytes;
    for (let i = 0; i < piece.length; i++)
      target[this.length + i] = (piece[i] as number) ^ (mask[(at + i) & 3] as number);
    this.length = end;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }
}
