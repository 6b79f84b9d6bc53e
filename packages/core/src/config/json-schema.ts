import { z } from "zod";
import type { Link } from "../contract/realm-link.ts";
import type { Transport } from "../contract/transport.ts";
import type { LoadedPlugin } from "../contract/plugin.ts";
import type { Schema } from "../contract/schema.ts";
import { blockSchema } from "../auth/settings.ts";
import { clusterSchema, rootSchema, transportSchema } from "./core-schema.ts";
import { jsonSchemaOf } from "./schema-nodes.ts";
import { counters } from "../settings/metadata.ts";

type Json = Record<string, unknown>;

/** The JSON Schema (draft 2020-12) of configs with these plugins, generated from the schemas that check them. */
export function configJsonSchema(plugins: readonly LoadedPlugin[], transports: readonly Transport[]): Json {
  const root = z.toJSONSchema(rootSchema, { io: "input", unrepresentable: "any" }) as Json;
  const all = [...transports, ...plugins.flatMap((plugin) => plugin.transports ?? [])];
  const properties = root["properties"] as Json;
  const auth = authOf(plugins);
  properties["transports"] = {
    ...(properties["transports"] as Json),
    items: { anyOf: all.map((one) => transportOf(one, auth)) },
  };
  const links = plugins.flatMap((plugin) => plugin.links ?? []);
  const { description } = properties["cluster"] as Json;
  if (links.length > 0) properties["cluster"] = { description, anyOf: links.map(linkOf) };
  return { ...root, title: "wampgate config" };
}

function transportOf({ type, schema }: Transport, auth: Json): Json {
  const core = z.toJSONSchema(transportSchema, { io: "input", unrepresentable: "any" }) as Json;
  return merged(type, core, ownOf(schema), { auth });
}

function linkOf({ type, schema }: Link): Json {
  return merged(type, z.toJSONSchema(clusterSchema, { io: "input", unrepresentable: "any" }), ownOf(schema));
}

/** Each method's block, or a list of blocks, chosen by `type`. */
function authOf(plugins: readonly LoadedPlugin[]): Json {
  const strategies = plugins.flatMap((plugin) => plugin.strategies);
  const core = z.toJSONSchema(blockSchema, { io: "input", unrepresentable: "any" }) as Json;
  const methods = plugins
    .flatMap((plugin) => plugin.methods)
    .map((method): [string, Json] => {
      const types = [
        ...(method.static === undefined ? [] : [["static", method.static.schema] as const]),
        ...strategies.map(({ type, block: schema }) => [type, schema] as const),
      ];
      const block = {
        anyOf: types.map(([type, schema]) => {
          const { required, ...rest } = merged(type, core, ownOf(schema));
          const needed = (required as string[]).filter((key) => key !== "type" || type !== method.defaultType);
          return { ...rest, required: needed };
        }),
      };
      return [method.name, { anyOf: [block, { type: "array", items: block, minItems: 1 }] }];
    });
  return {
    type: "object",
    properties: Object.fromEntries(methods),
    additionalProperties: methods.length === 0,
    minProperties: 1,
  };
}

/** A mapping with the keys of core and of a plugin, whose `type` is this one. */
function merged(type: string, core: Json, own: Json, more: Json = {}): Json {
  const properties = {
    ...(core["properties"] as Json),
    ...(own["properties"] as Json | undefined),
    ...more,
    type: { const: type },
  };
  const required = [core["required"], own["required"]].flatMap((keys) =>
    Array.isArray(keys) ? (keys as string[]) : [],
  );
  return {
    type: "object",
    properties,
    required: [...new Set(required)],
    additionalProperties: own["additionalProperties"] ?? true,
  };
}

function ownOf(schema: Schema): Json {
  return jsonSchemaOf(schema) ?? {};
}

let ofCore: readonly string[] | null = null;

/** The names under which the limits of core and of these transports are counted. */
export function limitCounters(transports: readonly Transport[]): string[] {
  ofCore ??= counters(z.toJSONSchema(rootSchema, { io: "input", unrepresentable: "any" }));
  return [...ofCore, ...transports.flatMap(({ schema }) => counters(ownOf(schema)))];
}
