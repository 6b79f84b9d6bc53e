/** For a promise of which the end matters, and not what it gives. */
export function ended(): void {
  // Nothing waits for more.
}

/** Resolves when `promise` does, or after `ms` milliseconds. Rejects if it does. */
export async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
