import { defineLink, type Link, z } from "@wampgate/core";
import type { OpenCarrier, ProbeCarrier } from "./carrier.ts";
import { startLink } from "./link/cluster-link.ts";
import { linkOptions } from "./link/options.ts";

/**
 * A kind of cluster over a carrier of one's own, for `links` of a plugin. It has the keys of the carrier in the config, and
 * `heartbeat`, `dead-after` and `window`, of which the carrier may have its own.
 *
 * @param type the `type` of `cluster` in the config
 * @param shape the keys of the carrier, as for `z.strictObject`
 * @param open connects this node to the others
 * @param problemOf what is wrong between the keys, as a sentence; null if nothing is
 * @param probe tries the network, for `wampgate check --ask`
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
  open: OpenCarrier<z.output<z.ZodObject<S & typeof linkOptions>>>,
  problemOf: (options: z.output<z.ZodObject<S>>) => string | null = () => null,
  probe?: ProbeCarrier<z.output<z.ZodObject<S & typeof linkOptions>>>,
): Link {
  const schema = z.strictObject({ ...linkOptions, ...shape }).superRefine((options, context) => {
    const problem = problemOf(options as unknown as z.output<z.ZodObject<S>>);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
  });
  return defineLink<z.output<z.ZodObject<typeof linkOptions>>>({
    type,
    schema: schema as never,
    start: async (options, context) =>
      startLink(
        await open(options as unknown as z.output<z.ZodObject<S & typeof linkOptions>>, context),
        options,
        context.log,
      ),
    ...(probe === undefined ? {} : { probe: probe as never }),
  });
}
