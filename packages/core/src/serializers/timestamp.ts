/** The extension type of MessagePack's timestamps. */
export const TIMESTAMP = -1;

/**
 * A time as the shortest MessagePack timestamp for it (spec "Timestamp extension type"). msgpack5's own is another time
 * from the year 2514 on, and 1970 for an Invalid Date.
 * @param time in milliseconds since 1970, a whole number
 */
export function timestampOf(time: number): Buffer {
  const seconds = Math.floor(time / 1000);
  const nanos = (time - seconds * 1000) * 1e6;
  if (seconds < 0 || seconds >= 2 ** 34) {
    const long = Buffer.alloc(12);
    long.writeUInt32BE(nanos);
    long.writeBigInt64BE(BigInt(seconds), 4);
    return long;
  }
  const high = Math.floor(seconds / 2 ** 32);
  const isShort = nanos === 0 && high === 0;
  const bytes = Buffer.alloc(isShort ? 4 : 8);
  if (!isShort) bytes.writeUInt32BE(nanos * 4 + high);
  bytes.writeUInt32BE(seconds % 2 ** 32, bytes.length - 4);
  return bytes;
}
