// A server under test prints where it listens, and reports the resources it has used.
import { Session } from "node:inspector/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { longestTurn, watchTurns } from "./turns.mjs";

const inspector = new Session();
const delay = monitorEventLoopDelay({ resolution: 1 });

export function report(url) {
  process.on("message", async (question) => {
    if (question === "profile") {
      inspector.connect();
      await inspector.post("Profiler.enable");
      await inspector.post("Profiler.setSamplingInterval", { interval: 200 });
      await inspector.post("Profiler.start");
      process.send({});
    } else if (question === "profiled") {
      const { profile } = await inspector.post("Profiler.stop");
      inspector.disconnect();
      process.send({ profile });
    } else if (question === "memory") {
      globalThis.gc?.();
      process.send({ rss: process.memoryUsage().rss });
    } else if (question === "watch turns") {
      watchTurns();
      process.send({});
    } else if (question === "longest turn") {
      process.send({ longest: longestTurn() });
    } else if (question === "watch") {
      delay.reset();
      delay.enable();
      process.send({});
    } else if (question === "delay") {
      delay.disable();
      process.send({ p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 });
    } else {
      const { user, system } = process.cpuUsage();
      process.send({ cpu: (user + system) / 1e6 });
    }
  });
  process.on("disconnect", () => process.exit());
  process.send({ url });
}
