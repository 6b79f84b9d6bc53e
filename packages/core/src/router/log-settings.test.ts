import { CapturedLog } from "@wampgate/plugin-testkit";
import { createRouterHooks } from "../hooks/router-hooks.ts";
import { LimitReport } from "../limits/limit-report.ts";
import { LogSettings } from "./log-settings.ts";
import { type LossListener } from "./log-stream.ts";
import { routerSettings } from "./settings.ts";

it("sets up the log by the current config, and counts the lines that are lost until it is closed", () => {
  const listeners = new Set<LossListener>();
  const configured: object[] = [];
  const own = {
    configure: (settings: object) => void configured.push(settings),
    onLoss(listener: LossListener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const log = new CapturedLog();
  const limits = new LimitReport(["log.buffer"], createRouterHooks({ frozen: false }, log), log);
  const settings = { now: routerSettings.parse({ log: { buffer: 4096 } }) };
  const logSettings = new LogSettings(own, settings, limits);
  expect(limits.counts.get("log.buffer")).toBe(0);
  settings.now = routerSettings.parse({ log: { level: "debug", format: "json" } });
  logSettings.settingsChanged();
  for (const listener of listeners) listener(3);
  for (const listener of listeners) listener(1);
  expect(configured).toEqual([
    { level: "info", buffer: 4096 },
    { level: "debug", format: "json", buffer: 8388608 },
  ]);
  expect(limits.counts.get("log.buffer")).toBe(4);
  logSettings.close();
  expect(listeners.size).toBe(0);
});

it("changes nothing in a log of the embedding program", () => {
  const log = new CapturedLog();
  const limits = new LimitReport([], createRouterHooks({ frozen: false }, log), log);
  new LogSettings(null, { now: routerSettings.parse({}) }, limits).close();
  expect(log.lines).toEqual([]);
});
