/** What an element of a list, or an entry of a dictionary, takes beside what it holds, in bytes. */
const SLOT = 16;

/** About how much memory a decoded value takes, in bytes. What it contains twice is counted once. */
export function sizeOf(value: unknown): number {
  const seen = new Set<object>();
  const left: unknown[] = [value];
  let size = 0;
  while (left.length > 0) {
    const next = left.pop();
    size += SLOT;
    if (typeof next === "string") size += 2 * next.length;
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    if (ArrayBuffer.isView(next)) size += next.byteLength;
    else if (Array.isArray(next) || next instanceof Set) for (const item of next) left.push(item);
    else if (next instanceof Map) for (const [key, item] of next) left.push(key, item);
    else for (const [key, item] of Object.entries(next)) left.push(key, item);
  }
  return size;
}
