/** The most that the exponent of a number to the base of 2 may be: its decimal digits are many times as long as its bytes. */
const MOST_BINARY = 64n;

/** The text of an exact decimal number, as Python's `Decimal` writes it; null if it would be too long. */
export function decimalText(mantissa: bigint, exponent: bigint, base: 2 | 10): string | null {
  if (base === 10) return scientific(mantissa, exponent);
  if (exponent > MOST_BINARY || exponent < -MOST_BINARY) return null;
  return exponent >= 0n ? String(mantissa * 2n ** exponent) : scientific(mantissa * 5n ** -exponent, exponent);
}

/** "To scientific string" of the General Decimal Arithmetic Specification. */
function scientific(mantissa: bigint, exponent: bigint): string {
  const sign = mantissa < 0n ? "-" : "";
  const digits = String(mantissa < 0n ? -mantissa : mantissa);
  const adjusted = exponent + BigInt(digits.length - 1);
  if (exponent > 0n || adjusted < -6n) {
    const point = digits.length > 1 ? `${digits.slice(0, 1)}.${digits.slice(1)}` : digits;
    return `${sign}${point}E${adjusted < 0n ? "" : "+"}${adjusted}`;
  }
  if (exponent === 0n) return sign + digits;
  const behind = Number(-exponent);
  const padded = digits.padStart(behind + 1, "0");
  return `${sign}${padded.slice(0, -behind)}.${padded.slice(-behind)}`;
}
