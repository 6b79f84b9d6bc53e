import { createRequire } from "node:module";
import { defineCluster } from "@wampgate/cluster";
import { definePlugin, type NoOptions } from "@wampgate/core";
import { openNats } from "./nats/nats-carrier.ts";
import { probeNats } from "./nats/probe.ts";
import { natsShape, problemOf } from "./options.ts";

declare module "@wampgate/core" {
  interface PluginOptions {
    "@wampgate/cluster-nats": NoOptions;
  }
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

export default definePlugin({
  name: "@wampgate/cluster-nats",
  core: "^0.2.0",
  version,
  links: [defineCluster("nats", natsShape, openNats, problemOf, probeNats)],
});
