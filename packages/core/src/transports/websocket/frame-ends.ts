/** Follows a client's frames without reading what is in them, to know where one ends (RFC 6455 section 5.2). */
export class FrameEnds {
  /** How many bytes of the last frame are still to come. */
  #owed = 0;
  /** The beginning of a frame whose head is not complete. */
  #head: Buffer | null = null;
  #isFragmented = false;

  /** Whether the next byte begins a frame, and no message has come in part. */
  get isBetweenMessages(): boolean {
    return this.#owed === 0 && this.#head === null && !this.#isFragmented;
  }

  /** The next bytes of the stream. */
  add(chunk: Buffer): void {
    let at = Math.min(this.#owed, chunk.length);
    this.#owed -= at;
    if (at === chunk.length) return;
    const bytes = this.#head === null ? chunk : Buffer.concat([this.#head, chunk]);
    this.#head = null;
    while (at < bytes.length) {
      const end = endOf(bytes, at);
      if (end === -1) {
        this.#head = Buffer.from(bytes.subarray(at));
        return;
      }
      const first = bytes[at] as number;
      const isControl = (first & 0x0f) > 7;
      if (!isControl) this.#isFragmented = first < 0x80;
      this.#owed = Math.max(0, end - bytes.length);
      at = end;
    }
  }
}

/** The position after the frame at `at`; -1 if its head is not complete. */
function endOf(bytes: Buffer, at: number): number {
  if (at + 2 > bytes.length) return -1;
  const second = bytes[at + 1] as number;
  const mask = second > 0x7f ? 4 : 0;
  const length = second & 0x7f;
  if (length < 126) return at + 2 + mask + length;
  if (length === 126) return at + 4 > bytes.length ? -1 : at + 4 + mask + bytes.readUInt16BE(at + 2);
  return at + 10 > bytes.length ? -1 : at + 10 + mask + Number(bytes.readBigUInt64BE(at + 2));
}
