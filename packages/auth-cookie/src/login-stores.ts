import type { Log, SharedState } from "@wampgate/core";
import { type Files, SharedStores, type StoreSettings, type Taken } from "@wampgate/store";
import { Logins } from "./logins.ts";
import { isKey } from "./set-cookie.ts";

/** By which topic routers tell each other that a cookie is revoked, and for how long those that come later hear it, in seconds. */
const REVOKED = "revoked";
const KEPT = 86_400;

/** What stores of logins are for. */
export const COOKIES = { what: "cookies", meanwhile: "clients log in without them meanwhile" };

/** The logins that one router remembers, in its stores. */
export class LoginStores {
  readonly #stores: SharedStores<Logins>;
  #state: SharedState | null = null;

  constructor() {
    this.#stores = new SharedStores(
      COOKIES,
      (store, log) =>
        new Logins(store, log, {
          tell: (key) => {
            this.#state?.announce(REVOKED, key, { keepFor: KEPT }).catch(() => undefined); // it never rejects
          },
          canAgree: () => this.#state?.canAgree() ?? Promise.resolve(true),
        }),
    );
  }

  /** Shares what is revoked with the other routers of a cluster. Without one, `state` only tells this router. */
  connect(state: SharedState): void {
    this.#state = state;
    state.on(REVOKED, (key) => {
      if (typeof key !== "string" || !isKey(key)) return;
      for (const logins of this.#stores.opened) logins.revoked(key);
    });
  }

  /** @returns the logins of a store, and what to call when they are not needed any more @throws BlockError */
  take(settings: StoreSettings, files: Files, log: Log): Promise<Taken<Logins>> {
    return this.#stores.take(settings, files, log);
  }

  /** Whether a store answers: one that is open is asked as it is. @throws BlockError */
  probe(settings: StoreSettings, files: Files): Promise<string | undefined> {
    return this.#stores.probe(settings, files, (logins) => logins.tryStore());
  }
}
