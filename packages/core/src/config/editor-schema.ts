import { isDict } from "../wamp/messages.ts";

type Json = Readonly<Record<string, unknown>>;

/** A string that holds `${…}` may become anything. */
const VARIABLE = "\\$\\{[^}]*\\}";

/**
 * A JSON Schema as editors can use it best: a choice between forms is made by `type`, so that one mistake gives one error
 * instead of one for each form, and strings with `${…}` may stand for numbers, booleans, patterns and words of a list.
 */
export function forEditors(schema: Json): Json {
  return converted(schema) as Json;
}

function converted(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(converted);
  if (!isDict(node)) return node;
  const { anyOf, oneOf, ...rest } = node;
  const forms = [anyOf, oneOf].find((list) => Array.isArray(list)) as unknown[] | undefined;
  const own = withVariables(
    Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, convertedKey(key, value)])),
  );
  return forms === undefined ? own : { ...own, ...chosen(flat(forms).map((form) => converted(form) as Json)) };
}

/** What is below `properties` is named by the config's author: a key may be called `anyOf`. */
function convertedKey(key: string, value: unknown): unknown {
  if (key === "default" || key === "const" || key === "enum") return value;
  if (key !== "properties" || !isDict(value)) return converted(value);
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, converted(schema)]));
}

/** The forms, without those that only code can have, as functions and plugins. */
function flat(forms: readonly unknown[]): Json[] {
  return forms.flatMap((form) => {
    if (!isDict(form)) return [];
    if (Array.isArray(form["anyOf"]) && Object.keys(form).length === 1) return flat(form["anyOf"] as unknown[]);
    return Object.keys(form).length === 0 ? [] : [form];
  });
}

const a = (type: string): string => (type === "integer" ? "an integer" : `a ${type}`);

function withVariables(node: Json): Json {
  const { type, pattern } = node;
  if (type === "integer" || type === "number" || type === "boolean")
    return {
      ...node,
      type: [type, "string"],
      pattern: VARIABLE,
      patternErrorMessage: `expected ${a(type)}, or a string with \${…}`,
    };
  // Not `anyOf`: a wrong word would be an error for each of its forms.
  if (type === "string" && "enum" in node) {
    const { enum: words, ...rest } = node;
    return { ...rest, if: { pattern: VARIABLE }, else: { enum: words } };
  }
  return typeof pattern === "string" ? { ...node, pattern: `(?:${pattern})|${VARIABLE}` } : node;
}

/** A schema that applies one of the forms: the one whose `type` the value has, else the one of the value's kind. */
function chosen(forms: readonly Json[]): Json {
  const [only] = forms;
  if (forms.length === 1 && only !== undefined) return only;
  const types = forms.map((form) => constOf(form));
  if (types.every((type) => type !== undefined)) {
    // The form of a method's default type also applies without one.
    const needed = (list: readonly Json[]): string[] => (list.every(needsType) ? ["type"] : []);
    return {
      type: "object",
      properties: { type: { enum: types } },
      required: needed(forms),
      allOf: forms.map((form, i) => ({
        if: { properties: { type: { const: types[i] } }, required: needed([form]) },
        then: form,
      })),
    };
  }
  const list = forms.find(({ type }) => type === "array");
  const rest = forms.filter((form) => form !== list);
  return list === undefined ? { anyOf: forms } : { if: { type: "array" }, then: list, else: chosen(rest) };
}

function needsType({ required }: Json): boolean {
  return Array.isArray(required) && required.includes("type");
}

function constOf({ properties }: Json): unknown {
  const type = isDict(properties) ? properties["type"] : undefined;
  return isDict(type) ? type["const"] : undefined;
}
