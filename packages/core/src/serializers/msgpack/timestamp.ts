import type { Moment } from "../time.ts";

/** The extension type of MessagePack's timestamps. */
export const TIMESTAMP = -1;

/**
 * A moment as the shortest MessagePack timestamp for it (spec "Timestamp extension type"). msgpack5's own is another time
 * from the year 2514 on, and 1970 for an Invalid Date. @returns null if it has more than 64 bits
 */
export function timestampOf({ seconds, nanos }: Moment): Buffer | null {
  if (seconds !== BigInt.asIntN(64, seconds)) return null;
  if (seconds < 0n || seconds >= 1n << 34n) {
    const long = Buffer.alloc(12);
    long.writeUInt32BE(nanos);
    long.writeBigInt64BE(seconds, 4);
    return long;
  }
  const [high, low] = [Number(seconds >> 32n), Number(seconds & 0xffff_ffffn)];
  const isShort = nanos === 0 && high === 0;
  const bytes = Buffer.alloc(isShort ? 4 : 8);
  if (!isShort) bytes.writeUInt32BE(nanos * 4 + high);
  bytes.writeUInt32BE(low, bytes.length - 4);
  return bytes;
}

/** The moment that a timestamp says; null if it is none. */
export function momentOfTimestamp(bytes: Buffer, begin: number, end: number): Moment | null {
  switch (end - begin) {
    case 4:
      return { seconds: BigInt(bytes.readUInt32BE(begin)), nanos: 0 };
    case 8: {
      const first = bytes.readUInt32BE(begin);
      return legal((BigInt(first & 3) << 32n) | BigInt(bytes.readUInt32BE(begin + 4)), first >>> 2);
    }
    case 12:
      return legal(bytes.readBigInt64BE(begin + 4), bytes.readUInt32BE(begin));
    default:
      return null;
  }
}

function legal(seconds: bigint, nanos: number): Moment | null {
  return nanos < 1e9 ? { seconds, nanos } : null;
}
