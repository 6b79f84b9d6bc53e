import { isDeepStrictEqual } from "node:util";
import type { LoadedConfig } from "../config/load.ts";
import type { Live } from "../settings/live.ts";
import type { ConfigRef } from "../contract/login-record.ts";
import type { RealmCounts } from "../contract/observers.ts";
import type { RunningLink } from "../contract/realm-link.ts";
import type { RealmDirectory } from "../contract/realm-port.ts";
import type { AuthorizationContext } from "../realm/access/authorization.ts";
import type { RealmMeter } from "../realm/meter.ts";
import { Realm } from "../realm/realm.ts";
import type { RealmRules, RealmSettings } from "../realm/settings.ts";

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
  #link: RunningLink | null = null;
  /** Null: no plugin observes. */
  #newMeter: ((realm: string) => RealmMeter) | null = null;
  readonly #realms = new Map<string, { readonly realm: Realm; readonly settings: RealmSettings }>();

  constructor(config: Live<LoadedConfig>, context: AuthorizationContext) {
    this.#config = config;
    this.#context = context;
    this.settingsChanged((_name, step) => step());
  }

  get(name: string): Realm | undefined {
    return this.#realms.get(name)?.realm;
  }

  place(): ConfigRef {
    return this.#config.now.placeOf(["realms"])();
  }

  *[Symbol.iterator](): Generator<Realm, void, undefined> {
    for (const { realm } of this.#realms.values()) yield realm;
  }

  /** The realms act with those of other nodes from now on, also those that a reload adds. */
  connect(link: RunningLink): void {
    this.#link = link;
    for (const realm of this) realm.connect(link);
  }

  /** The realms count what passes through them from now on, also those that a reload adds. @param newMeter null: none does */
  measure(newMeter: ((realm: string) => RealmMeter) | null): void {
    this.#newMeter = newMeter;
    for (const realm of this) realm.measure(newMeter?.(realm.name) ?? null);
  }

  /** What they have counted, by name. */
  get counts(): ReadonlyMap<string, RealmCounts> {
    return new Map([...this].flatMap(({ name, broker: { meter } }) => (meter === null ? [] : [[name, meter]])));
  }

  /**
   * Updates the realms to match the config.
   * @param run runs a step for one realm, and handles its errors
   */
  settingsChanged(run: (name: string, step: () => void) => void): RealmChanges {
    const { realms, called, placeOf } = this.#config.now;
    const names = new Set(realms.map(({ name }) => name));
    const removed = [...this.#realms.keys()].filter((name) => !names.has(name));
    for (const name of removed) {
      this.get(name)?.removed();
      this.#realms.delete(name);
    }
    let [added, changed, revoked] = [0, 0, 0];
    for (const [i, settings] of realms.entries()) {
      const { name } = settings;
      const guarded = new Set(called.filter(({ realm }) => realm === null || realm === name).map(({ uri }) => uri));
      const place: RealmRules["place"] = (path) => placeOf(["realms", i, ...path])();
      const rules: RealmRules = { ...settings, guarded, place };
      run(name, () => {
        const there = this.#realms.get(name);
        const realm = there?.realm ?? new Realm(rules, this.#context);
        if (there === undefined) {
          added++;
          if (this.#link !== null) realm.connect(this.#link);
          if (this.#newMeter !== null) realm.measure(this.#newMeter(name));
        } else {
          if (!isDeepStrictEqual(settings, there.settings)) changed++;
          revoked += there.realm.reload(rules);
        }
        this.#realms.set(name, { settings, realm });
      });
    }
    return { added, changed, removed, revoked };
  }
}
