import { CapturedLog } from "@wampgate/plugin-testkit";
import { createRouterHooks } from "../hooks/router-hooks.ts";
import { LimitReport } from "../limits/limit-report.ts";
import { LogBuffer } from "./log-buffer.ts";
import { type LossListener } from "./log-stream.ts";
import { routerSettings } from "./settings.ts";

it("limits the log's buffer by the current config, and counts the lines that are lost until it is closed", () => {
  const listeners = new Set<LossListener>();
  const stream = {
    limit: 0,
    onLoss(listener: LossListener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const log = new CapturedLog();
  const limits = new LimitReport(["log.buffer"], createRouterHooks({ frozen: false }, log), log);
  const settings = { now: routerSettings.parse({ log: { buffer: 4096 } }) };
  const buffer = new LogBuffer(stream, settings, limits);
  expect([stream.limit, limits.counts.get("log.buffer")]).toEqual([4096, 0]);
  settings.now = routerSettings.parse({ log: { buffer: 8192 } });
  buffer.settingsChanged();
  for (const listener of listeners) listener(3);
  for (const listener of listeners) listener(1);
  expect([stream.limit, limits.counts.get("log.buffer")]).toEqual([8192, 4]);
  buffer.close();
  expect(listeners.size).toBe(0);
});
