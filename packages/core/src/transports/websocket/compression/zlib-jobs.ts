import { constants, deflateRaw, inflateRaw } from "node:zlib";

/** libuv has four threads, for files and names of hosts too: two stay free. */
const AT_ONCE = 2;

/** What a sender leaves out at the end of a message (RFC 7692 section 7.2.1). */
const TRAILER = Buffer.from([0x00, 0x00, 0xff, 0xff]);

const finishFlush = constants.Z_SYNC_FLUSH;

/** If more bytes wait, messages are sent as they are: compression must not hold up what it is to speed up. */
const MOST_WAITING = 16 * 1024 * 1024;

let running = 0;
/** Of messages that are not compressed yet, in bytes. */
let deflating = 0;
const waiting: (() => void)[] = [];

/** A message would become larger than allowed. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";
}

/** Whether a message may be compressed, or too many bytes wait for that. */
export function mayDeflate(): boolean {
  return deflating <= MOST_WAITING;
}

/** Compresses a message by itself, as permessage-deflate has it. */
export async function deflate(bytes: Uint8Array, level: number): Promise<Buffer> {
  deflating += bytes.length;
  try {
    const deflated = await inTurn<Buffer>((done) => deflateRaw(bytes, { level, finishFlush }, done));
    return deflated.subarray(0, -TRAILER.length);
  } finally {
    deflating -= bytes.length;
  }
}

/**
 * Decompresses a message. It stops as soon as there are more than `most` bytes.
 * @throws TooLarge; or zlib's error if it is not compressed
 */
export async function inflate(bytes: Buffer, most: number): Promise<Buffer> {
  try {
    const whole = Buffer.concat([bytes, TRAILER]);
    return await inTurn<Buffer>((done) => inflateRaw(whole, { finishFlush, maxOutputLength: most }, done));
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? new TooLarge("too large") : error;
  }
}

async function inTurn<T>(job: (done: (error: Error | null, result: T) => void) => void): Promise<T> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await new Promise<T>((resolve, reject) => {
      job((error, result) => {
        if (error === null) resolve(result);
        else reject(error);
      });
    });
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}
