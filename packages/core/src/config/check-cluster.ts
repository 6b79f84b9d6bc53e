import type { Link } from "../contract/realm-link.ts";
import { isDict, kindOf } from "../wamp/messages.ts";
import { type AuthContext, isExcused, toInstall } from "./check-auth.ts";
import { checkBySchema, droppedKeys } from "./issues.ts";
import { packageOfLink } from "./known-packages.ts";
import { quoted } from "./shown.ts";
import { didYouMean } from "./suggest.ts";

/** `cluster`, checked. */
export interface LoadedCluster {
  /** The name of the plugin that has the link. */
  readonly plugin: string;
  readonly link: Link;
  /** Its keys besides `type`, as parsed by the link's schema. */
  readonly options: unknown;
}

/** Whether the routers of `cluster` may run on several machines: a link that has a `hub` is between workers of one. */
export function spansMachines(raw: unknown, known: readonly Omit<LoadedCluster, "options">[]): boolean {
  if (!isDict(raw)) return false;
  const { link } = known.find((one) => one.link.type === raw["type"]) ?? {};
  return link !== undefined && link.hub === undefined;
}

/** Checks `cluster`. @param known the links that the plugins have @returns null without one, or if it is wrong */
export async function checkCluster(
  raw: unknown,
  known: readonly Omit<LoadedCluster, "options">[],
  context: Pick<AuthContext, "issues" | "fromEnvironment" | "notLoaded">,
): Promise<LoadedCluster | null> {
  const at = ["cluster"];
  const { issues } = context;
  if (raw === undefined) return null;
  if (!isDict(raw)) {
    issues.add(at, `expected a dictionary, found ${kindOf(raw)}`);
    return null;
  }
  const { type, ...own } = raw;
  const types = known.map(({ link }) => link.type);
  if (typeof type !== "string") {
    issues.add([...at, "type"], `expected the type of a cluster, found ${kindOf(type)}${listed(types)}`);
    return null;
  }
  const found = known.find(({ link }) => link.type === type);
  if (found === undefined) {
    const hint = didYouMean(type, types);
    const official = packageOfLink(type);
    if (hint === "" && isExcused(official, context)) return null;
    const missing = official === undefined ? "list the plugin that has it in plugins" : toInstall(official);
    const todo = hint === "" ? `; ${missing}` : hint;
    issues.add([...at, "type"], `no loaded plugin provides a cluster of type${quoted(type)}${todo}${listed(types)}`);
    return null;
  }
  const { link } = found;
  const checked = await checkBySchema(link.schema, own, at, { ...context, beside: ["type"] });
  if (checked === null) return null;
  const dropped = droppedKeys(link.schema, own, checked.value);
  for (const { key, hint } of dropped) issues.addUnknownKey(at, key, own, hint);
  return { ...found, options: checked.value };
}

function listed(types: readonly string[]): string {
  return types.length === 0 ? "" : `; there are: ${types.join(", ")}`;
}
