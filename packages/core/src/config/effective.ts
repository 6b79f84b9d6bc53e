import type { BlockSettings, MethodSettings } from "../contract/auth-settings.ts";
import type { Schema } from "../contract/schema.ts";
import type { Transport } from "../contract/transport.ts";
import { blockSchema } from "../auth/settings.ts";
import { isDict } from "../wamp/messages.ts";
import { valueAt } from "./issues.ts";
import type { LoadedConfig } from "./load.ts";
import { nodesAt, type SchemaNode } from "./schema-nodes.ts";

type Dict = Record<string, unknown>;

/** Core's keys of a block. */
const OWN_KEYS = Object.keys(blockSchema.shape);

const HIDDEN = "(hidden)";

/** What core itself assigns is no secret, whatever the method. */
const SHOWN = ["type", "role", "realm", "authid", "default-role", "then"];

/**
 * A config with its defaults, as it may be shown: strings with `${…}` stay as they are written, and of what belongs to a
 * plugin only what its schema marks as `shown` is there.
 *
 * @param raw as it was read
 * @param ownTransports those of core, whose keys are no secrets
 */
export function effectiveConfig(loaded: LoadedConfig, raw: unknown, ownTransports: readonly Transport[]): Dict {
  const { plugins, realms, transports, components, cluster, settings } = loaded;
  const effective = {
    plugins: plugins.map(({ plugin: { name, options: schema }, options }) =>
      schema === undefined ? name : [name, shown(options, schema)],
    ),
    realms,
    transports: transports.map(({ type, transport, options, auth, settings: common }, i) => ({
      type,
      ...(ownTransports.includes(transport) ? (options as Dict) : (shown(options, transport.schema) as Dict)),
      ...common,
      auth: Object.fromEntries(
        [...auth].map(([name, method]) => [name, blocksOf(method, ["transports", i, "auth", name], raw)]),
      ),
    })),
    components: components.map(({ module, config, ...rest }, i) => ({
      // As it is written, not its URL.
      module: typeof module === "string" ? valueAt(raw, ["components", i, "module"]) : "(a function)",
      ...rest,
      ...(config === undefined ? {} : { config: HIDDEN }),
    })),
    ...(cluster === null
      ? {}
      : { cluster: { type: cluster.link.type, ...(shown(cluster.options, cluster.link.schema) as Dict) } }),
    ...settings,
  };
  return unexpanded(JSON.parse(JSON.stringify(effective)), raw) as Dict;
}

/** The blocks of a method: a list only where one is written. */
function blocksOf({ method, blocks }: MethodSettings, at: readonly (string | number)[], raw: unknown): unknown {
  const written = valueAt(raw, at);
  const all = blocks.map((block, i) => {
    const { type, defaultRole, then, mayBegin } = block;
    const own = Array.isArray(written) ? (written[i] as unknown) : written;
    return {
      type,
      ...(defaultRole === null ? {} : { "default-role": defaultRole }),
      ...(then === null ? {} : { then }),
      ...(isDict(own) && own["alone"] !== undefined ? { alone: mayBegin } : {}),
      ...ownOf(block, own, method),
    };
  });
  return Array.isArray(written) ? all : all[0];
}

/** A plugin's own keys. A static block is shown as it is written, since its method may have prepared it. */
function ownOf({ strategy, value }: BlockSettings, written: unknown, method: MethodSettings["method"]): Dict {
  if (strategy !== null) return shown(value, strategy.block) as Dict;
  const own = Object.entries(isDict(written) ? written : {}).filter(([key]) => !OWN_KEYS.includes(key));
  return method.static === undefined ? {} : (shown(Object.fromEntries(own), method.static.schema) as Dict);
}

/** A value of a plugin's, with all hidden that its schema does not mark. */
function shown(root: unknown, schema: Schema): unknown {
  const visit = (value: unknown, path: readonly (string | number)[]): unknown => {
    if (Array.isArray(value)) return value.map((item: unknown, i) => visit(item, [...path, i]));
    if (isDict(value))
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, [...path, key])]));
    const isShown = SHOWN.includes(String(path.at(-1))) || nodesAt(schema, root, path).some(isMarked);
    return isShown || value === undefined ? value : HIDDEN;
  };
  return visit(root, []);
}

function isMarked(node: SchemaNode): boolean {
  const { shown: isShown, unit, type } = node;
  return isShown === true || unit !== undefined || type === "boolean" || "const" in node || "enum" in node;
}

/** The name of something outside, without a default, which may be a secret. */
const NAME_ONLY = /^\$\{(?:file:[^}]*|\w+)\}$/;

/** `value` with the strings of `raw` that hold `${…}`: what they stand for may be a secret. */
function unexpanded(value: unknown, raw: unknown): unknown {
  if (typeof raw === "string" && raw.includes("${")) return value !== HIDDEN || NAME_ONLY.test(raw) ? raw : HIDDEN;
  if (Array.isArray(value) && Array.isArray(raw)) return value.map((item: unknown, i) => unexpanded(item, raw[i]));
  if (!isDict(value) || !isDict(raw)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, Object.hasOwn(raw, key) ? unexpanded(item, raw[key]) : item]),
  );
}
