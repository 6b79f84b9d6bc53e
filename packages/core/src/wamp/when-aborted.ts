import { attempt, type OnError } from "./guarded.ts";

/**
 * Calls `end` when `signal` fires, or now if it has.
 * @param failed gets what `end` throws: the one who fires the signal must not
 * @returns lets go of the signal. One that lives longer than what it ends would keep it in memory
 */
export function whenAborted(signal: AbortSignal | undefined, end: () => void, failed: OnError): () => void {
  if (signal === undefined) return () => undefined;
  const onAbort = (): void => attempt(end, failed);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return () => signal.removeEventListener("abort", onAbort);
}
