/**
 * The bytes of a text in base64; null if it is not exactly what an encoder writes. `Buffer.from` alone skips wrong
 * characters silently.
 */
export function bytesOf(text: unknown): Buffer | null {
  if (typeof text !== "string") return null;
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : null;
}
