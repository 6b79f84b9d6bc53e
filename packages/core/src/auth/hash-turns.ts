import { LimitError } from "../errors/limit-error.ts";
import { withoutStack } from "../errors/wamp-error.ts";
import { availableParallelism } from "node:os";
import { addressOf } from "../wamp/address.ts";
import { FairQueue } from "./fair-queue.ts";

/** The client that shows a secret: a `LoginAttempt`, for example. */
export interface CheckedClient {
  readonly transport: { readonly peer: string };
  /** Fires when the client no longer waits for the check. */
  readonly signal: AbortSignal;
}

/** libuv has four threads, for files and names of hosts too: some stay free. */
const AT_ONCE = Math.min(2, availableParallelism());

/** A thousand checks are about as many as can be made before their clients' `auth-timeout`. */
const MAX_WAITING = 1000;
const FULL = `${MAX_WAITING} logins wait for the check of a hashed secret already; try again later`;
const queue = new FairQueue(AT_ONCE, MAX_WAITING, () => withoutStack(() => new LimitError("hash-checks", FULL)));

/**
 * Checks a hashed secret when it is its turn: two at once in the whole process, over all methods and strategies. Clients of
 * different addresses take turns.
 *
 * @param check runs off the event loop, in one of libuv's threads
 * @throws LimitError if too many checks wait already; what the signal says, when the client's signal fires before it is its turn
 * @example await whenItsTurn(query.attempt, () => bcrypt.compare(ticket, hash));
 */
export function whenItsTurn<T>({ transport, signal }: CheckedClient, check: () => Promise<T>): Promise<T> {
  return queue.run(addressOf(transport.peer) ?? "", signal, check);
}
