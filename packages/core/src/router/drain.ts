import { setImmediate } from "node:timers/promises";
import type { Realm } from "../realm/realm.ts";
import { Deadline, untilAborted } from "../wamp/deadline.ts";

/**
 * Waits until no call is pending in any of `realms`.
 * @param timeout in milliseconds
 * @returns how many are still pending when the time is up
 */
export async function callsEnded(realms: Iterable<Realm>, timeout: number): Promise<number> {
  const dealers = [...realms].map(({ dealer }) => dealer);
  const pending = (): number => dealers.reduce((sum, dealer) => sum + dealer.pending, 0);
  const limit = new Deadline(timeout);
  while (pending() > 0 && !limit.signal.aborted) {
    await untilAborted(Promise.all(dealers.map((dealer) => dealer.whenQuiet())), limit.signal).catch(() => undefined);
    // An authorizer's answer is itself a call's result, and may allow another call to begin.
    await setImmediate();
  }
  limit.end();
  return pending();
}
