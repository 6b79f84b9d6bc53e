/** How long each of two things took, in milliseconds, measured in turns. */
export type Samples = readonly [readonly number[], readonly number[]];

/** Measures two things `count` times each, in turns whose order changes. */
export async function inTurns(count: number, timeOf: (which: 0 | 1) => Promise<number>): Promise<Samples> {
  const times: [number[], number[]] = [[], []];
  for (let i = 0; i < count; i++)
    for (const which of i % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) times[which].push(await timeOf(which));
  return times;
}

/**
 * Whether a stranger can tell two things apart by the time that they take: they differ by more than `least` of the
 * shorter one, and by more than chance. What else a machine does comes and goes, and a leak stays: it has to be there
 * in each of three measurements, with the same one slower.
 */
export async function tellsApart(measure: () => Promise<Samples>, least = 0.08): Promise<boolean> {
  const first = slower(await measure(), least);
  return first !== null && first === slower(await measure(), least) && first === slower(await measure(), least);
}

/** @returns which of the two is slower; null where they do not differ */
function slower([one, other]: Samples, least: number): 0 | 1 | null {
  const [a, b] = [median(one), median(other)];
  if (Math.abs(rankDistance(one, other)) <= 4.5 || Math.abs(a - b) / Math.min(a, b) <= least) return null;
  return a > b ? 0 : 1;
}

/**
 * How far apart two samples are, by the ranks of their values (Mann and Whitney): about normal with deviation 1 where
 * both come from one distribution, whatever its form.
 */
function rankDistance(a: readonly number[], b: readonly number[]): number {
  const ranked = [...a.map((value) => ({ value, mine: true })), ...b.map((value) => ({ value, mine: false }))];
  ranked.sort((one, other) => one.value - other.value);
  const sum = ranked.reduce((total, { mine }, i) => (mine ? total + i + 1 : total), 0);
  const u = sum - (a.length * (a.length + 1)) / 2;
  const deviation = Math.sqrt((a.length * b.length * (a.length + b.length + 1)) / 12);
  return (u - (a.length * b.length) / 2) / deviation;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
