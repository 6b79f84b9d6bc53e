/** For a promise of which the end matters, and not what it gives. */
export function ended(): void {
  // Nothing waits for more.
}

/** Resolves when `promise` does, or after `ms` milliseconds, to whether it did. Rejects if it does. */
export async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
