import { type Content } from "./content.ts";
import { FIXED } from "./envelope.ts";

/** How much memory is allocated at a time, in bytes. */
const SIZE = 256 * 1024;

/**
 * The contents that leave together, one behind the other, with room for the fixed fields of an envelope before them. Bundles
 * share memory, since to allocate a buffer costs more than to fill it. Each part is written once.
 */
export class Bundle {
  #bytes = Buffer.alloc(0);
  #begin = 0;
  #end = 0;

  get isEmpty(): boolean {
    return this.#end === this.#begin;
  }

  /** In bytes, with the fixed fields. */
  get length(): number {
    return this.#end - this.#begin;
  }

  /** Whether a content can be added to others. */
  fits({ size }: Content): boolean {
    return this.#bytes.length - this.#end >= size;
  }

  /** Call it if the bundle is empty, or the content fits. */
  add(content: Content): void {
    const { size } = content;
    if (this.isEmpty) {
      if (this.#bytes.length - this.#end < FIXED + size) this.#allocate(FIXED + size);
      this.#end += FIXED;
    }
    content.write(this.#bytes, this.#end);
    this.#end += size;
  }

  /** The bytes, which are not changed afterwards. The next bundle is empty. */
  take(): Buffer {
    const bytes = this.#bytes.subarray(this.#begin, this.#end);
    this.#begin = this.#end;
    return bytes;
  }

  clear(): void {
    this.#begin = this.#end;
  }

  #allocate(least: number): void {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(SIZE, least));
    this.#begin = this.#end = 0;
  }
}
