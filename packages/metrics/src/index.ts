import { definePlugin, z } from "@wampgate/core";
import { Metrics } from "./metrics.ts";
import { Page } from "./page.ts";

const options = z.strictObject({
  host: z.string().min(1).default("127.0.0.1").describe("where to listen; by default only this machine can connect"),
  port: z.int().min(0).max(0xffff).default(9464).describe("0: any free one, which is logged"),
  path: z.string().startsWith("/").default("/metrics").describe("the path of the page"),
});

export default definePlugin<z.output<typeof options>>({
  name: "@wampgate/metrics",
  core: "^0.2.0",
  options,
  apply({ hooks, stats, log }, { host, port, path }) {
    const metrics = new Metrics(stats);
    metrics.tap(hooks);
    const page = new Page(path, metrics.registry, log);
    hooks.starting.tapPromise("@wampgate/metrics", async () => {
      const url = await page.listen(port, host);
      log.info({ url }, "serves metrics");
    });
    hooks.stopped.tap("@wampgate/metrics", () => page.close());
  },
});
