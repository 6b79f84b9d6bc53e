/**
 * How far apart two samples are, by the ranks of their values (Mann and Whitney): about normal with deviation 1 where
 * both come from one distribution, whatever its form.
 */
export function rankDistance(a: readonly number[], b: readonly number[]): number {
  const ranked = [...a.map((value) => ({ value, mine: true })), ...b.map((value) => ({ value, mine: false }))];
  ranked.sort((one, other) => one.value - other.value);
  const sum = ranked.reduce((total, { mine }, i) => (mine ? total + i + 1 : total), 0);
  const u = sum - (a.length * (a.length + 1)) / 2;
  const deviation = Math.sqrt((a.length * b.length * (a.length + b.length + 1)) / 12);
  return (u - (a.length * b.length) / 2) / deviation;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
