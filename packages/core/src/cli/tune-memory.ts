import { setFlagsFromString } from "node:v8";

/** In bytes. The largest block that raises glibc's thresholds is 32 MiB with its head (malloc.c, DEFAULT_MMAP_THRESHOLD_MAX). */
const BLOCK = 32 * 1024 * 1024 - 64 * 1024;

/** In percent of the young generation. V8's own is 80. */
const COLLECT_AT = 30;

/**
 * Tunes the memory of this process for a router, which reads into new buffers all the time (docs/decisions/memory.md).
 */
export function tuneMemory(): void {
  keepFreedMemory();
  collectYoungBuffersEarly();
}

/**
 * Makes glibc's allocator keep up to 64 MiB of what is freed, instead of giving it back to the system and allocating it
 * again. Its thresholds follow the largest block that was ever freed (mallopt(3), M_MMAP_THRESHOLD), so one is
 * allocated and dropped. It is never touched, so it costs only addresses. On other systems this does nothing.
 */
function keepFreedMemory(): void {
  Buffer.allocUnsafeSlow(BLOCK);
}

/**
 * Makes V8 collect young objects early. Otherwise the buffers that they hold would look like a grown heap, and V8 would
 * mark the whole heap again and again for nothing.
 */
function collectYoungBuffersEarly(): void {
  setFlagsFromString(`--minor-gc-task-trigger=${COLLECT_AT}`);
}
