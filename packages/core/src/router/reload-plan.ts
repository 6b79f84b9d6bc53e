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
  /** What has changed in the config but waits for a restart: a sentence for each key. */
  readonly restart: readonly string[];
}

/** Compares the config that is in effect with the one that was read. */
export function planReload(current: LoadedConfig, next: LoadedConfig): ReloadPlan {
  const { transports, left, restart } = matched(current.transports, next.transports);
  if (!isDeepStrictEqual(pluginsOf(current), pluginsOf(next)))
    restart.push(waits("plugins", "has changed; the plugins stay as they are"));
  if (!isDeepStrictEqual(current.components.map(comparable), next.components.map(comparable)))
    restart.push(waits("components", "has changed; the components stay as they are"));
  return {
    config: {
      ...next,
      transports,
      components: current.components,
      plugins: current.plugins,
      // A removed entry goes on with its old blocks, which call their procedures.
      called: left ? [...next.called, ...current.called] : next.called,
    },
    restart,
  };
}

/** The entries in the order of the old config, each with its new settings. */
function matched(current: readonly LoadedTransport[], next: readonly LoadedTransport[]) {
  const restart: string[] = [];
  const unmatched = next.map((entry, i) => ({ entry, key: `transports[${i}]` }));
  let left = false;
  const transports = current.map((old, i) => {
    const at = unmatched.findIndex(({ entry }) => identityOf(entry) === identityOf(old));
    const [found] = at === -1 ? [] : unmatched.splice(at, 1);
    if (found !== undefined) return merged(old, found.entry, found.key, restart);
    left = true;
    restart.push(waits(`transports[${i}]`, "is gone from the config; it goes on with its old settings"));
    return old;
  });
  for (const { key } of unmatched) restart.push(waits(key, "is new, or listens elsewhere; it does not listen"));
  return { transports, left, restart };
}

/** `next`, but with the old values of the options that need a restart. */
function merged(old: LoadedTransport, next: LoadedTransport, key: string, restart: string[]): LoadedTransport {
  const { options, transport } = old;
  if (!isDict(options) || !isDict(next.options)) return { ...next, options };
  const live = liveKeys(jsonSchemaOf(transport.schema) ?? {});
  const now: Record<string, unknown> = { ...options };
  for (const name of new Set([...Object.keys(options), ...Object.keys(next.options)])) {
    if (live.includes(name)) now[name] = next.options[name];
    else if (!isDeepStrictEqual(options[name], next.options[name]))
      restart.push(waits(`${key}.${name}`, "has changed; it stays as it was"));
  }
  return { ...next, options: now };
}

function identityOf({ type, transport, options }: LoadedTransport): string {
  return `${type} ${transport.identity?.(options) ?? JSON.stringify(options)}`;
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
