/**
 * How large the tests under load are. `FAULTS=long` runs their long forms; with it or with `FAULTS=short` they print the
 * figures they saw.
 */
const form = process.env["FAULTS"];

/** A size: of the form that `npm test` runs, and of the long form. */
export function sizeOf(short: number, long: number): number {
  return form === "long" ? long : short;
}

/** How many addresses of this machine the load comes from, so that it meets no limit for one. */
const ADDRESSES = 20;

/** The address that number `i` of many comes from. 127.0.0.1 is left to the others. */
export function addressOf(i: number): string {
  return `127.0.0.${2 + (i % ADDRESSES)}`;
}

/** Prints what was seen, where somebody wants to read it. */
export function report(figure: string): void {
  if (form !== undefined) process.stderr.write(`    ${figure}\n`);
}

/** Bytes as a person reads them. */
export function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** Does `count` things, at most `width` at a time. @returns what each gave, in order */
export async function inParallel<T>(count: number, width: number, task: (index: number) => Promise<T>): Promise<T[]> {
  const results = new Array<T>(count);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      results[index] = await task(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker));
  return results;
}

/** Waits until `holds`, for thirty seconds at most. For what nothing tells of. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > until) throw new Error(`it never came to this: ${holds.toString()}`);
    await new Promise(setImmediate);
  }
}
