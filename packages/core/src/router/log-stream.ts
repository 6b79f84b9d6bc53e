import { closeSync, constants, fstatSync, openSync, type Stats, writeSync } from "node:fs";
import { Socket } from "node:net";

/** The default of `log.buffer`, in bytes. */
export const DEFAULT_BUFFER = 8 * 1024 * 1024;

/** How long the end of the process may wait for the readers of all streams together, in milliseconds. */
const EXIT_TIME = 1000;

/** When to try again after a descriptor took nothing, in milliseconds: at first, and at most. */
const RETRY = { first: 10, most: 100 };

/** How long a line may wait for others, in milliseconds. */
const GATHERING = 10;

/** How much is written at once, in bytes. */
const BATCH = 64 * 1024;

/**
 * So much is taken as one piece, in bytes, so that lines of several processes do not mix: by a pipe PIPE_BUF of Linux, by a
 * file as much as one call writes.
 */
const ATOMIC = { pipe: 4096, file: BATCH };

/** Gets the number of lines that were lost since its last call. */
export type LossListener = (lines: number) => void;

/**
 * Standard output or standard error of this process, written without ever waiting for its reader: otherwise a reader
 * that hangs would block the router. What cannot be written waits, up to `limit` bytes; then lines are dropped and
 * counted. If the reader is gone, its lines are dropped.
 */
export class LogStream {
  /** How much may wait, in bytes. */
  limit = DEFAULT_BUFFER;
  readonly #fd: number;
  /** How much may be written at once, in bytes. */
  readonly #most: number;
  /** In order; the first one may be the rest of a line. */
  readonly #waiting: Buffer[] = [];
  #bytes = 0;
  /** Lines that wait for others, and their bytes. */
  #gathered: string[] = [];
  #gatheredBytes = 0;
  #gathering: NodeJS.Timeout | null = null;
  #untold = 0;
  #isTelling = false;
  #tell: LossListener | null = null;
  readonly #listeners = new Set<LossListener>();
  #retry: NodeJS.Timeout | null = null;
  #delay = RETRY.first;

  /** @param fd 1 or 2, or another descriptor that is open for writing */
  constructor(fd: number) {
    this.#fd = unblocked(fd);
    this.#most = fstatSync(fd).isFile() ? ATOMIC.file : ATOMIC.pipe;
  }

  /** Calls `listener` at once for each line that is dropped. @returns a function that ends this */
  onLoss(listener: LossListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The function that logs how many lines were dropped, once there is room again. One for each stream. */
  set tell(tell: LossListener) {
    this.#tell = tell;
  }

  /** How much waits, in bytes. */
  get waiting(): number {
    return this.#bytes;
  }

  /** Writes one line, or several that belong together. Never throws, never waits. */
  write(text: string): boolean {
    this.#writeGathered();
    this.#take(Buffer.from(text), 1);
    return true;
  }

  /** Writes one line together with others that come soon: a system call for each would take a quarter of what a line does. */
  gather(line: string): void {
    const size = Buffer.byteLength(line);
    if (this.#gatheredBytes + size > this.#most) this.#writeGathered();
    this.#gatheredBytes += size;
    this.#gathered.push(line);
    // The timer does not keep the process alive: at its end, `flushUntil` writes what is left.
    this.#gathering ??= setTimeout(() => this.#writeGathered(), GATHERING).unref();
  }

  /** Writes as much as possible without waiting. @returns whether nothing is left */
  flush(): boolean {
    this.#writeGathered();
    while (this.#waiting.length > 0) {
      const batch = this.#batch();
      const written = this.#give(batch);
      if (written === null) {
        // The reader is gone, or the disk is full: the waiting lines will never be read.
        this.#drop([batch, ...this.#waiting].reduce((sum, bytes) => sum + linesIn(bytes), 0));
        this.#waiting.length = 0;
        this.#bytes = 0;
        return true;
      }
      if (written > 0) this.#delay = RETRY.first;
      this.#bytes -= written;
      if (written < batch.length) {
        this.#waiting.unshift(batch.subarray(written));
        return false;
      }
    }
    return true;
  }

  /** As `flush`, but waits until a time of `performance.now()`, since the process is about to end. */
  flushUntil(deadline: number): void {
    const clock = new Int32Array(new SharedArrayBuffer(4));
    this.#tellOfLoss();
    while (!this.flush() && performance.now() < deadline) Atomics.wait(clock, 0, 0, RETRY.first);
    this.#tellOfLoss();
  }

  #writeGathered(): void {
    const lines = this.#gathered;
    if (this.#gathering !== null) clearTimeout(this.#gathering);
    this.#gathering = null;
    if (lines.length === 0) return;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#take(Buffer.from(lines.join("")), lines.length);
  }

  /** Writes lines, or keeps them, or drops them all. */
  #take(bytes: Buffer, lines: number): void {
    if (this.#bytes === 0) {
      const written = this.#give(bytes);
      if (written === null) this.#drop(lines);
      else if (written === bytes.length) this.#tellOfLoss();
      else if (written === 0 && bytes.length > this.limit) this.#drop(lines);
      else this.#keep(bytes.subarray(written));
    } else if (this.#bytes + bytes.length > this.limit) this.#drop(lines);
    else this.#keep(bytes);
  }

  #keep(line: Buffer): void {
    this.#waiting.push(line);
    this.#bytes += line.length;
    this.#later();
  }

  #drop(lines: number): void {
    this.#untold += lines;
    for (const listener of this.#listeners) listener(lines);
  }

  #later(): void {
    if (this.#retry !== null) return;
    // The timer does not keep the process alive: at its end, `flushUntil` writes what is left.
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#delay = Math.min(this.#delay * 2, RETRY.most);
      if (!this.flush()) this.#later();
      this.#tellOfLoss();
    }, this.#delay).unref();
  }

  #tellOfLoss(): void {
    // Only if half of it is free: otherwise a flood would log a line about dropped lines after each other line.
    if (this.#untold === 0 || this.#tell === null || this.#isTelling || this.#bytes > this.limit / 2) return;
    this.#isTelling = true;
    const lines = this.#untold;
    this.#untold = 0;
    try {
      this.#tell(lines);
    } finally {
      this.#isTelling = false;
    }
  }

  #batch(): Buffer {
    let size = 0;
    let count = 0;
    while (count < this.#waiting.length && (count === 0 || size + (this.#waiting[count]?.length ?? 0) <= BATCH)) {
      size += this.#waiting[count]?.length ?? 0;
      count++;
    }
    const [first, ...rest] = this.#waiting.splice(0, count);
    return rest.length === 0 ? (first ?? Buffer.alloc(0)) : Buffer.concat([first ?? Buffer.alloc(0), ...rest], size);
  }

  /** @returns how many bytes were taken; null if they will never be read */
  #give(bytes: Buffer): number | null {
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#fd, bytes, written);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EAGAIN" && code !== "EINTR") return null;
    }
    return written;
  }
}

function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf("\n"); at !== -1; at = bytes.indexOf("\n", at + 1)) lines++;
  return lines;
}

/**
 * A non-blocking descriptor for the same file as `fd`. O_NONBLOCK is a flag of the open file description, which `fd`
 * shares with the parent process and others. So the file is opened again if possible.
 */
function unblocked(fd: number): number {
  const stats = fstatSync(fd);
  // A disk is always ready, and the offset must stay shared with other writers of the same file.
  if (stats.isFile()) return fd;
  try {
    const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    if (isSame(fstatSync(own), stats)) return own;
    closeSync(own);
  } catch {
    // No /proc, a socket (ENXIO), a pipe without a reader (ENXIO), or a file of another user (EACCES).
  }
  if (stats.isFIFO() || stats.isSocket()) {
    // Node makes it non-blocking for all that share it. The socket stays open on purpose, and is never written to.
    new Socket({ fd, readable: false, writable: true }).on("error", () => undefined).unref();
  }
  return fd;
}

function isSame(one: Stats, other: Stats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

const streams = new Map<number, LogStream>();

/**
 * The stream of a descriptor of this process, 1 or 2. There is only one for each, so that lines do not mix. If both
 * lead to the same file, they share one.
 */
export function logStreamOf(fd: number): LogStream {
  const known = streams.get(fd) ?? [...streams].find(([other]) => isSame(fstatSync(other), fstatSync(fd)))?.[1];
  const stream = known ?? new LogStream(fd);
  if (streams.size === 0) process.once("exit", flushAll);
  streams.set(fd, stream);
  return stream;
}

function flushAll(): void {
  const deadline = performance.now() + EXIT_TIME;
  for (const stream of new Set(streams.values())) stream.flushUntil(deadline);
}
