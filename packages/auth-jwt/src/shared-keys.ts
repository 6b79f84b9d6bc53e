import type { Log } from "@wampgate/core";
import { type Keeping, RemoteKeys } from "./remote-keys.ts";

/**
 * The key sets of one router. Blocks with the same URL share one, and a reload keeps it: while the server is down its keys
 * are the only ones.
 */
export class SharedKeys {
  readonly #sets = new Map<string, { readonly keys: RemoteKeys; users: number }>();

  /** @returns the set, and what to call when it is not needed any more */
  take(url: string, { cache, stale, cooldown }: Keeping, log: Log): { keys: RemoteKeys; giveBack: () => void } {
    const name = JSON.stringify([url, cache, stale, cooldown]);
    const shared = this.#sets.get(name) ?? { keys: new RemoteKeys(url, { cache, stale, cooldown }, log), users: 0 };
    this.#sets.set(name, shared);
    shared.users++;
    return {
      keys: shared.keys,
      giveBack: () => {
        if (--shared.users > 0) return;
        this.#sets.delete(name);
        shared.keys.end();
      },
    };
  }
}
