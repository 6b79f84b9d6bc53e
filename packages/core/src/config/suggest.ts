/** `; did you mean "ticket"?` if one of `known` is similar to `found`, else nothing. */
export function didYouMean(found: string, known: Iterable<string>): string {
  let best: string | null = null;
  let least = Math.max(1, Math.floor(found.length / 3)) + 1;
  for (const name of known) {
    const distance = distanceOf(found.toLowerCase(), name.toLowerCase());
    if (distance < least) [best, least] = [name, distance];
  }
  return best === null ? "" : `; did you mean "${best}"?`;
}

/** Whether two names differ by a slip of the fingers. */
export function isSimilar(found: string, name: string): boolean {
  return distanceOf(found.toLowerCase(), name.toLowerCase()) <= Math.max(1, Math.floor(found.length / 4));
}

/** The number of insertions, deletions, replacements and swaps of neighbours between two names. */
function distanceOf(a: string, b: string): number {
  // Such long texts are not typing errors, and the work grows with the product of the lengths.
  if (Math.max(a.length, b.length) > 100) return Infinity;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? Infinity) + 1 : Infinity;
      row.push(Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + same, swapped));
    }
    [before, above] = [above, row];
  }
  return above[b.length] ?? Infinity;
}
