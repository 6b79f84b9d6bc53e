import type { Schema } from "../contract/schema.ts";
import { isDict } from "../wamp/messages.ts";

/** A JSON Schema, or a part of one. */
export type SchemaNode = Readonly<Record<string, unknown>>;

const made = new WeakMap<Schema, SchemaNode>();

/** The JSON Schema of a Standard Schema (https://standardschema.dev/json-schema), or null. */
export function jsonSchemaOf(schema: Schema): SchemaNode | null {
  const known = made.get(schema);
  if (known !== undefined) return known;
  const { jsonSchema } = schema["~standard"] as { jsonSchema?: { input(options: object): SchemaNode } };
  try {
    const node = jsonSchema?.input({ target: "draft-2020-12", libraryOptions: { unrepresentable: "any" } }) ?? null;
    if (node !== null) made.set(schema, node);
    return node;
  } catch {
    return null;
  }
}

/**
 * What a schema says about the value at `path` of `root`: more than one node where several forms are possible, none if
 * the schema gives no JSON Schema.
 */
export function nodesAt(schema: Schema, root: unknown, path: readonly (string | number)[]): SchemaNode[] {
  let value = root;
  let nodes = formsOf(jsonSchemaOf(schema), value);
  for (const key of path) {
    value = memberOf(value, key);
    nodes = nodes.flatMap((node) => formsOf(memberNode(node, key), value));
  }
  return nodes;
}

/** The keys that nodes know, less those that they know to refuse them. */
export function keysOf(nodes: readonly SchemaNode[]): string[] {
  const ownOf = ({ properties }: SchemaNode): string[] =>
    isDict(properties) ? Object.keys(properties).filter((key) => !isRefused(properties[key])) : [];
  return [...new Set(nodes.flatMap(ownOf))];
}

/** What zod makes of `never`. */
function isRefused(node: unknown): boolean {
  return isDict(node) && isDict(node["not"]) && Object.keys(node["not"]).length === 0;
}

/** What nodes say about the members of a list, or of a dictionary whose keys are names. */
export function membersOf(nodes: readonly SchemaNode[]): SchemaNode[] {
  return nodes.flatMap(({ items, additionalProperties }) => formsOf(items ?? additionalProperties, undefined));
}

function memberNode(
  { properties, additionalProperties, items, prefixItems }: SchemaNode,
  key: string | number,
): unknown {
  if (typeof key === "number") return (Array.isArray(prefixItems) ? (prefixItems[key] as unknown) : undefined) ?? items;
  return isDict(properties) && Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
}

/** The forms that a node allows: those with the `type` that `value` has, if it has one of theirs. */
function formsOf(node: unknown, value: unknown): SchemaNode[] {
  if (!isDict(node)) return [];
  const forms = [node["oneOf"], node["anyOf"]].find((list) => Array.isArray(list)) as unknown[] | undefined;
  if (forms === undefined) return [node];
  const all = forms.flatMap((form) => formsOf(form, value));
  const chosen = all.filter((form) => isOfType(form, memberOf(value, "type")));
  return chosen.length > 0 ? chosen : all;
}

function isOfType(form: SchemaNode, type: unknown): boolean {
  const own = memberOf(form["properties"], "type");
  return type !== undefined && isDict(own) && own["const"] === type;
}

function memberOf(value: unknown, key: string | number): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string | number, unknown>)[key];
}
