import { setImmediate } from "node:timers/promises";
import type { Realm } from "../realm/realm.ts";
import { Deadline, untilAborted } from "../wamp/deadline.ts";

/**
 * Waits until no call is under way in any of `realms`.
 * @param timeout in milliseconds
 * @returns how many are still under way when the time is up, else 0
 */
export async function callsEnded(realms: Iterable<Realm>, timeout: number): Promise<number> {
  const dealers = [...realms].map(({ dealer }) => dealer);
  const pending = (): number => dealers.reduce((sum, dealer) => sum + dealer.pending, 0);
  const limit = new Deadline(timeout);
  while (pending() > 0 && !limit.signal.aborted) {
    await untilAborted(Promise.all(dealers.map((dealer) => dealer.whenQuiet())), limit.signal).catch(() => undefined);
    // An authorizer's answer, itself the result of a call, may let the call begin that it was asked about.
    await setImmediate();
  }
  limit.end();
  return pending();
}
