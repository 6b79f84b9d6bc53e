import { defineLink, type Link, z } from "@wampgate/core";
import type { OpenCarrier } from "./carrier.ts";
import { startLink } from "./link/cluster-link.ts";
import { linkOptions } from "./link/options.ts";

/**
 * A kind of cluster over a carrier of one's own, for `links` of a plugin. It has the keys of the carrier in the config, and
 * `heartbeat`, `dead-after` and `window`.
 *
 * @param type the `type` of `cluster` in the config
 * @param shape the keys of the carrier, as for `z.strictObject`
 * @param open connects this node to the others
 * @example
 * definePlugin({
 *   name: "cluster-by-pigeons",
 *   core: "^0.2.0",
 *   links: [defineCluster("pigeons", { node: z.string(), loft: z.string() }, ({ node, loft }) => flyTo(loft, node))],
 * });
 */
export function defineCluster<S extends z.ZodRawShape>(
  type: string,
  shape: S,
  open: OpenCarrier<z.output<z.ZodObject<S>>>,
): Link {
  return defineLink<z.output<z.ZodObject<typeof linkOptions>>>({
    type,
    schema: z.strictObject({ ...shape, ...linkOptions }) as never,
    start: async (options, context) =>
      startLink(await open(options as unknown as z.output<z.ZodObject<S>>, context), options, context.log),
  });
}
