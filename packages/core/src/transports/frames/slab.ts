/** How much memory is allocated at a time, in bytes: a slow receiver should not keep much more than its own frames. */
const SIZE = 32 * 1024;

/**
 * Memory for frames, which are written one behind the other: consecutive frames for one receiver leave as one piece,
 * without a copy. Each part is written only once.
 */
let slab = Buffer.allocUnsafeSlow(SIZE);
let used = 0;

/** Memory with room for `size` bytes from `slabUsed()` on. `size` must be well below 32 KiB. */
export function slabFor(size: number): Buffer {
  if (SIZE - used < size) {
    slab = Buffer.allocUnsafeSlow(SIZE);
    used = 0;
  }
  return slab;
}

/** The position from which the slab is free. */
export function slabUsed(): number {
  return used;
}

/** Marks the slab as used up to `end`. */
export function takeSlab(end: number): void {
  used = end;
}
