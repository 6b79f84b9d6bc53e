import { closeSync, constants, fstatSync, openSync, type Stats, writeSync } from "node:fs";
import { Socket } from "node:net";

/** What may wait where the config says nothing, in bytes. */
export const DEFAULT_BUFFER = 8 * 1024 * 1024;

/** How long the end of the process may wait for a reader, all streams together, in milliseconds. */
const EXIT_TIME = 1000;

/** How soon a descriptor that took nothing is tried again, in milliseconds: at first, and at most. */
const RETRY = { first: 10, most: 100 };

/** How much is given to the system at once, in bytes. */
const BATCH = 64 * 1024;

/** What a lost line tells: how many were lost since the last that was told. */
export type LossListener = (lines: number) => void;

/**
 * Standard output or standard error of this process, written without ever waiting for whoever reads it: a reader that
 * stands still would otherwise hold the router with it. What cannot be written waits, up to `limit` bytes; then lines are
 * dropped and counted. A reader that is gone changes nothing: its lines are dropped.
 */
export class LogStream {
  /** How much may wait, in bytes. */
  limit = DEFAULT_BUFFER;
  readonly #fd: number;
  /** In the order they came; the first one may be the rest of a line. */
  readonly #waiting: Buffer[] = [];
  #bytes = 0;
  #untold = 0;
  #isTelling = false;
  #tell: LossListener | null = null;
  readonly #listeners = new Set<LossListener>();
  #retry: NodeJS.Timeout | null = null;
  #delay = RETRY.first;

  /** @param fd 1 or 2, or another that is open for writing */
  constructor(fd: number) {
    this.#fd = unblocked(fd);
  }

  /** Is told at once of each line that is dropped. @returns what ends that */
  onLoss(listener: LossListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Writes a line that says how many were dropped, once there is room again. One for each stream. */
  set tell(tell: LossListener) {
    this.#tell = tell;
  }

  /** How much waits, in bytes. */
  get waiting(): number {
    return this.#bytes;
  }

  /** Takes one line, or several that belong together. Never throws, never waits. */
  write(text: string): boolean {
    const line = Buffer.from(text);
    if (this.#bytes === 0) {
      const written = this.#give(line);
      if (written === null) this.#drop(1);
      else if (written === line.length) this.#tellOfLoss();
      else if (written === 0 && line.length > this.limit) this.#drop(1);
      else this.#keep(line.subarray(written));
    } else if (this.#bytes + line.length > this.limit) this.#drop(1);
    else this.#keep(line);
    return true;
  }

  /** Writes what waits, as far as it goes without waiting. @returns whether nothing is left */
  flush(): boolean {
    while (this.#waiting.length > 0) {
      const batch = this.#batch();
      const written = this.#give(batch);
      if (written === null) {
        // Whoever read it is gone, or the disk is full: nothing that waits will be read.
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

  /** The same, waiting until a time of `performance.now()`: the process is about to end. */
  flushUntil(deadline: number): void {
    const clock = new Int32Array(new SharedArrayBuffer(4));
    this.#tellOfLoss();
    while (!this.flush() && performance.now() < deadline) Atomics.wait(clock, 0, 0, RETRY.first);
    this.#tellOfLoss();
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
    // It keeps no process: at its end, what is left is written by `flushUntil`.
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#delay = Math.min(this.#delay * 2, RETRY.most);
      if (!this.flush()) this.#later();
      this.#tellOfLoss();
    }, this.#delay).unref();
  }

  #tellOfLoss(): void {
    // Half of it free: else a flood that goes on would be a line about dropped lines after each that found room.
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

  /** @returns how many bytes were taken; null where nothing will ever read them */
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
 * A descriptor for what `fd` stands for, on which a write does not wait. O_NONBLOCK is a flag of the open file description,
 * which `fd` shares with the process that started this one, and with others: so it is opened once more, where that can be.
 */
function unblocked(fd: number): number {
  const stats = fstatSync(fd);
  // A disk is always ready. The offset is shared with whoever else writes to the same file.
  if (stats.isFile()) return fd;
  try {
    const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    if (isSame(fstatSync(own), stats)) return own;
    closeSync(own);
  } catch {
    // No /proc, a socket (ENXIO), a pipe without a reader (ENXIO), or a file of another user (EACCES).
  }
  if (stats.isFIFO() || stats.isSocket()) {
    // Node makes it non-blocking, for all that share it; left open on purpose, and never written to by that socket.
    new Socket({ fd, readable: false, writable: true }).on("error", () => undefined).unref();
  }
  return fd;
}

function isSame(one: Stats, other: Stats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

const streams = new Map<number, LogStream>();

/**
 * The stream of a descriptor of this process, 1 or 2. There is one of each, whoever asks: a line must not get into the
 * middle of another's. Where both lead to the same place, they are one.
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
