/** How much memory is allocated at a time, in bytes. */
const SIZE = 64 * 1024;

/** What is longer has memory of its own. */
const MOST = SIZE / 4;

/** Memory for envelopes, one behind the other: to allocate a buffer costs more than to fill it. Each part is written once. */
let slab = Buffer.allocUnsafeSlow(SIZE);
let used = 0;

/** Memory for `size` bytes, with anything in it. */
export function room(size: number): Buffer {
  if (size > MOST) return Buffer.allocUnsafeSlow(size);
  if (SIZE - used < size) {
    slab = Buffer.allocUnsafeSlow(SIZE);
    used = 0;
  }
  return slab.subarray(used, (used += size));
}
