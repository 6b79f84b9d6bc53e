import { isDeepStrictEqual } from "node:util";
import type { LoadedTransport } from "../config/check-transports.ts";
import type { LoadedComponent, LoadedConfig } from "../config/load.ts";
import { jsonSchemaOf } from "../config/schema-nodes.ts";
import { liveKeys } from "../settings/metadata.ts";
import { isDict } from "../wamp/messages.ts";

/** What a reload will do. */
export interface ReloadPlan {
  /** The config after the reload: the new one, with the old values of keys that need a restart. */
  readonly config: LoadedConfig;
  /** The open entries of `transports` that stay, each with its new settings. All others are closed. */
  readonly kept: ReadonlyMap<LoadedTransport, LoadedTransport>;
  /** What has changed in the config but waits for a restart: a sentence for each key. */
  readonly restart: readonly string[];
}

/**
 * Compares the config that is in effect with the one that was read.
 * @param open the entries that are open now
 */
export function planReload(current: LoadedConfig, next: LoadedConfig, open: readonly LoadedTransport[]): ReloadPlan {
  const restart: string[] = [];
  if (!isDeepStrictEqual(pluginsOf(current), pluginsOf(next)))
    restart.push(waits("plugins", "has changed; the plugins stay as they are"));
  if (!isDeepStrictEqual(current.components.map(comparable), next.components.map(comparable)))
    restart.push(waits("components", "has changed; the components stay as they are"));
  const { side } = current.settings;
  if (!isDeepStrictEqual(side, next.settings.side))
    restart.push(waits("side", "has changed; the side listener stays as it is"));
  const { cluster, components, plugins } = current;
  if (!isDeepStrictEqual(cluster, next.cluster))
    restart.push(waits("cluster", "has changed; the link to other nodes stays as it is"));
  return {
    config: { ...next, settings: { ...next.settings, side }, components, plugins, cluster },
    kept: matched(open, next.transports),
    restart,
  };
}

/** Finds open entries again that differ at most in keys that a reload changes. */
function matched(
  open: readonly LoadedTransport[],
  next: readonly LoadedTransport[],
): ReadonlyMap<LoadedTransport, LoadedTransport> {
  const unmatched = [...next];
  const kept = new Map<LoadedTransport, LoadedTransport>();
  for (const old of open) {
    const at = unmatched.findIndex((entry) => entry.type === old.type && isDeepStrictEqual(fixed(entry), fixed(old)));
    const [found] = at === -1 ? [] : unmatched.splice(at, 1);
    if (found !== undefined) kept.set(old, found);
  }
  return kept;
}

/** The options of an entry that only another socket, or another start, would change. */
function fixed({ options, transport }: LoadedTransport): unknown {
  if (!isDict(options)) return options;
  const live = new Set(liveKeys(jsonSchemaOf(transport.schema) ?? {}));
  return Object.fromEntries(Object.entries(options).filter(([key, value]) => !live.has(key) && value !== undefined));
}

function pluginsOf({ plugins }: LoadedConfig): unknown {
  return plugins.map(({ plugin, options }) => ({ name: plugin.name, options }));
}

/** A config in JavaScript creates its functions again each time it is read. */
function comparable(component: LoadedComponent): unknown {
  return typeof component.module === "function" ? { ...component, module: null } : component;
}

function waits(key: string, what: string): string {
  return `${key} ${what} until a restart`;
}
