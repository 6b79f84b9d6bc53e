import { z } from "@wampgate/core";
import type { Purpose } from "@wampgate/store";

/** What stores of accounts are for. */
export const CODES: Purpose = { what: "codes", meanwhile: "no client is let in by a code meanwhile" };

/** What is remembered of one seed of one authid. Times are in milliseconds, of a clock that never goes back. */
export interface Account {
  /** The last time step of which a code was used, as far as this router knows; -1: none. */
  step: number;
  /** Until when that matters. Later codes have greater steps, unless the time of day was set back. */
  usedUntil: number;
  /** How many codes were wrong since the last one that let a client in. */
  failures: number;
  /** When the last one was. */
  failedAt: number;
  /** Until when all codes are denied. */
  lockedUntil: number;
  /** Whether it has what a store kept of it before this router started. */
  isRecalled: boolean;
}

const time = z.number().min(0).max(1e15);

/** Its times are in milliseconds since 1970. */
const schema = z.object({
  version: z.literal(1),
  step: z.int().min(-1),
  usedUntil: time,
  failures: z.int().min(0),
  failedAt: time,
  lockedUntil: time,
});

/** What a store gave is no account. */
export class BadAccount extends Error {
  override readonly name = "BadAccount";
}

/** An account as a store keeps it. @param now by the clock of its times */
export function textOf({ step, usedUntil, failures, failedAt, lockedUntil }: Account, now: number): string {
  const since1970 = (at: number): number => Math.max(0, Math.round(at + Date.now() - now));
  return JSON.stringify({
    ...{ version: 1, step, failures, usedUntil: since1970(usedUntil) },
    ...{ failedAt: since1970(failedAt), lockedUntil: since1970(lockedUntil) },
  } satisfies z.input<typeof schema>);
}

/**
 * Lets an account know what a store has kept of it.
 * @param now by the clock of its times
 * @param longest for how long its code may matter, and how long it may be locked: the time of day may have been changed since
 * @throws BadAccount, whose message holds nothing of the text
 */
export function recall(
  account: Account,
  text: string,
  now: number,
  longest: { readonly used: number; readonly locked: number },
): void {
  const kept = read(text);
  const here = (at: number): number => at - Date.now() + now;
  // Another router may have written it since.
  if (kept.step > account.step || account.usedUntil <= now) {
    account.step = kept.step;
    account.usedUntil = Math.min(now + longest.used, here(kept.usedUntil));
  }
  if (account.isRecalled) return;
  account.failures += kept.failures;
  account.failedAt = Math.max(account.failedAt, Math.min(now, here(kept.failedAt)));
  account.lockedUntil = Math.max(account.lockedUntil, Math.min(now + longest.locked, here(kept.lockedUntil)));
}

function read(text: string): z.output<typeof schema> {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new BadAccount("it holds something that is no account of codes");
  }
}
