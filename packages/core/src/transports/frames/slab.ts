/** How much memory is taken at a time: what a slow receiver keeps of it should not be much more than what it is sent. */
const SIZE = 32 * 1024;

/**
 * Memory that frames are written to, each behind the one before it: those that follow each other to one receiver
 * leave as one piece, without being copied. Written once, and never again.
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

/** Says that the slab is taken up to `end`. */
export function takeSlab(end: number): void {
  used = end;
}
