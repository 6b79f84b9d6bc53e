/** How many bytes the reason in a closing frame may have (RFC 6455 section 5.5: 125, less the code). */
const LONGEST = 123;

/** The beginning of a text that fits into a closing frame, as UTF-8. */
export function closeReason(text: string): Buffer {
  const bytes = Buffer.from(text);
  let end = Math.min(bytes.length, LONGEST);
  while (end < bytes.length && isContinuation(bytes[end] ?? 0)) end--;
  return bytes.subarray(0, end);
}

/** Whether a byte of UTF-8 does not begin a character. */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
