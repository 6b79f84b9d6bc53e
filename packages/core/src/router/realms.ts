import { isDeepStrictEqual } from "node:util";
import type { LoadedConfig } from "../config/load.ts";
import type { Live } from "../settings/live.ts";
import type { RealmDirectory } from "../contract/realm-port.ts";
import type { AuthorizationContext } from "../realm/access/authorization.ts";
import { Realm } from "../realm/realm.ts";
import type { RealmSettings } from "../realm/settings.ts";

/** How a reload has changed the realms. */
export interface RealmChanges {
  readonly added: number;
  readonly changed: number;
  /** The names of removed realms. Their sessions are still open. */
  readonly removed: readonly string[];
  /** How many subscriptions and registrations the new rules forbid. */
  readonly revoked: number;
}

/** The realms of a router. */
export class Realms implements RealmDirectory, Iterable<Realm> {
  readonly #config: Live<LoadedConfig>;
  readonly #context: AuthorizationContext;
  readonly #realms = new Map<string, { readonly realm: Realm; readonly settings: RealmSettings }>();

  constructor(config: Live<LoadedConfig>, context: AuthorizationContext) {
    this.#config = config;
    this.#context = context;
    this.settingsChanged((_name, step) => step());
  }

  get(name: string): Realm | undefined {
    return this.#realms.get(name)?.realm;
  }

  *[Symbol.iterator](): Generator<Realm, void, undefined> {
    for (const { realm } of this.#realms.values()) yield realm;
  }

  /**
   * Updates the realms to match the config.
   * @param run runs a step for one realm, and handles its errors
   */
  settingsChanged(run: (name: string, step: () => void) => void): RealmChanges {
    const { realms, called } = this.#config.now;
    const names = new Set(realms.map(({ name }) => name));
    const removed = [...this.#realms.keys()].filter((name) => !names.has(name));
    for (const name of removed) this.#realms.delete(name);
    let [added, changed, revoked] = [0, 0, 0];
    for (const settings of realms) {
      const { name } = settings;
      const guarded = new Set(called.filter(({ realm }) => realm === null || realm === name).map(({ uri }) => uri));
      run(name, () => {
        const there = this.#realms.get(name);
        if (there === undefined) added++;
        else {
          if (!isDeepStrictEqual(settings, there.settings)) changed++;
          revoked += there.realm.reload({ ...settings, guarded });
        }
        this.#realms.set(name, { settings, realm: there?.realm ?? new Realm({ ...settings, guarded }, this.#context) });
      });
    }
    return { added, changed, removed, revoked };
  }
}
