import cluster from "node:cluster";
import { createRequire } from "node:module";
import { definePlugin, z } from "@wampgate/core";
import { registerClusterMetrics } from "./cluster-metrics.ts";
import { Metrics } from "./metrics.ts";
import { Page } from "./page.ts";

const options = z.strictObject({
  host: z
    .string()
    .min(1)
    .optional()
    .describe("deprecated: where to listen; default: the side listener, without one 127.0.0.1"),
  port: z.int().min(0).max(0xffff).optional().describe("deprecated: the port for that; default 9464; 0: any free one"),
  path: z.string().startsWith("/").default("/metrics").describe("the path of the page"),
});

declare module "@wampgate/core" {
  interface PluginOptions {
    "@wampgate/metrics": z.input<typeof options>;
  }
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

export default definePlugin({
  name: "@wampgate/metrics",
  core: "^0.2.0",
  version,
  options,
  apply({ hooks, stats, log, side }, { host, port, path }) {
    const metrics = new Metrics(stats);
    metrics.tap(hooks);
    hooks.starting.tap("@wampgate/metrics: cluster", () => {
      if (stats.cluster !== null) registerClusterMetrics(metrics.registry, stats);
    });
    const page = new Page(path, metrics.registry, log);
    if (side.isOn && host === undefined && port === undefined) {
      side.route(path, (request, response) => page.answer(request, response));
      return;
    }
    hooks.starting.tapPromise("@wampgate/metrics", async () => {
      if (cluster.isWorker)
        throw new Error("workers cannot share its port: give the config a side listener, and remove host and port");
      const url = await page.listen(port ?? 9464, host ?? "127.0.0.1");
      log.info({ url }, "serves metrics");
    });
    hooks.stopped.tap("@wampgate/metrics", () => page.close());
  },
});
