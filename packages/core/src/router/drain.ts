import { setImmediate } from "node:timers/promises";
import type { Member } from "../realm/member.ts";
import type { Realm } from "../realm/realm.ts";
import { Deadline, untilAborted } from "../wamp/deadline.ts";
import { CloseUri } from "../wamp/error-uris.ts";
import { SHUTTING_DOWN } from "./transport-runtime.ts";

/**
 * Waits until no call is pending in any of `realms`. Clients begin no new ones meanwhile; other nodes do until the calls that
 * are pending now have ended, since these may need them.
 * @param timeout in milliseconds
 * @returns how many are still pending when the time is up
 */
export async function callsEnded(realms: Iterable<Realm>, timeout: number): Promise<number> {
  const endings = [...realms].map(({ dealer }) => dealer.ending);
  const count = (): number => endings.reduce((sum, { pending }) => sum + pending, 0);
  const limit = new Deadline(timeout);
  const untilLimit = (works: Promise<void>[]): Promise<unknown> =>
    untilAborted(Promise.all(works), limit.signal).catch(() => undefined);
  await untilLimit(endings.map((ending) => ending.begin(dismiss)));
  for (const ending of endings) ending.close();
  while (count() > 0 && !limit.signal.aborted) {
    await untilLimit(endings.map((ending) => ending.whenQuiet()));
    // An authorizer's answer is itself a call's result, and may allow another call to begin.
    await setImmediate();
  }
  limit.end();
  return count();
}

function dismiss({ port }: Member): void {
  port.close(CloseUri.systemShutdown, SHUTTING_DOWN);
}
