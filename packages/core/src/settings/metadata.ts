import { z } from "zod";

/**
 * What a schema says about a setting besides its type, its default and its description: in zod by `.meta({ … })`, in
 * other libraries as keys of its JSON Schema. The references in docs/, the counters of limits and the reload use it.
 */
export type SettingMetadata = {
  /** The unit of its number, if it does not count things. */
  readonly unit?: "ms" | "bytes";
  /** What happens to a client that hits it. A setting with this key is a limit: each hit is counted and logged. */
  readonly limit?: string;
  /** The name under which hits are counted. Default: the setting's key. */
  readonly counter?: string;
  /** Marks a transport's own key that is read again for each connection, so that a reload changes it. */
  readonly live?: true;
  /** Marks a plugin's own key that is no secret, so that `wampgate print-config` shows it. */
  readonly shown?: true;
};

const LONGEST_TIMER = 2 ** 31 - 1;

/** A duration in milliseconds, within the range of timers. */
export function milliseconds(min = 1): z.ZodInt {
  return z
    .int()
    .min(min)
    .max(LONGEST_TIMER)
    .meta({ unit: "ms" } satisfies SettingMetadata);
}

/** A size in bytes. */
export function bytes(min: number, max: number): z.ZodInt {
  return z
    .int()
    .min(min)
    .max(max)
    .meta({ unit: "bytes" } satisfies SettingMetadata);
}

/** Marks a setting as a limit. @param then what happens to a client that hits it, for docs/reference/limits.md */
export function limit(then: string, counter?: string): SettingMetadata {
  return counter === undefined ? { limit: then } : { limit: then, counter };
}

/** Marks a transport's own key as one that a reload changes. */
export const live = { live: true } as const satisfies SettingMetadata;

type JsonSchema = Readonly<Record<string, unknown>>;

/** The keys of a mapping's JSON Schema that a reload changes. */
export function liveKeys(schema: JsonSchema): string[] {
  return propertiesOf(schema).flatMap(([key, own]) => (own["live"] === true ? [key] : []));
}

/** The names under which the limits of a JSON Schema are counted, those of its parts too. */
export function counters(schema: JsonSchema): string[] {
  const own = propertiesOf(schema).flatMap(([key, property]) => {
    const { limit: then, counter = key } = property as SettingMetadata;
    return [...(then === undefined ? [] : [counter]), ...counters(property)];
  });
  const parts = ["items", "anyOf", "oneOf", "allOf"].flatMap((key) => [schema[key]].flat()).filter(isSchema);
  return [...new Set([...own, ...parts.flatMap(counters)])];
}

function propertiesOf({ properties }: JsonSchema): [string, JsonSchema][] {
  return isSchema(properties)
    ? Object.entries(properties).filter((entry): entry is [string, JsonSchema] => isSchema(entry[1]))
    : [];
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
