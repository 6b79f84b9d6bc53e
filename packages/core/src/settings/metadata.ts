import { z } from "zod";

/**
 * What a schema says of a setting beside its type, its default and its description: in zod by `.meta({ … })`, in other
 * libraries as keys of its JSON Schema. The references in docs/, the counters of limits and the reload are made of it.
 */
export type SettingMetadata = {
  /** What its number counts, where it is neither pieces nor members. */
  readonly unit?: "ms" | "bytes";
  /** What happens to the one who hits it. A setting that has this is a limit: each hit is counted and logged. */
  readonly limit?: string;
  /** Under which name hits are counted. Default: the setting's key. */
  readonly counter?: string;
  /** A transport's own key that is read for each connection anew, so that a reload changes it. */
  readonly live?: true;
};

const LONGEST_TIMER = 2 ** 31 - 1;

/** A duration in milliseconds, which a timer can keep. */
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

/** Marks a setting as a limit. @param then what happens to the one who hits it, for docs/reference/limits.md */
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
