import { createRequire } from "node:module";
import { defineLink, definePlugin, type NoOptions, z } from "@wampgate/core";
import { startLink } from "./link/cluster-link.ts";
import { linkOptions } from "./link/options.ts";
import { ProcessHub } from "./process/hub.ts";
import { ProcessCarrier } from "./process/process-carrier.ts";

export type { Arbiter, Carrier, Entry, OpenCarrier, ProbeCarrier, Receiver } from "./carrier.ts";
export { defineCluster } from "./define-cluster.ts";
export { MemoryCarriers, type MemoryCarriersOptions } from "./memory/memory-carriers.ts";

declare module "@wampgate/core" {
  interface PluginOptions {
    "@wampgate/cluster": NoOptions;
  }
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

/** The link between the worker processes of `wampgate start --workers`. */
const workers = defineLink({
  type: "workers",
  schema: z.strictObject(linkOptions),
  start: (options, { log }) => startLink(new ProcessCarrier(), options, log),
  hub: () => new ProcessHub(),
});

export default definePlugin({ name: "@wampgate/cluster", core: "^0.2.0", version, links: [workers] });
