import { jest } from "@jest/globals";
import { CapturedLog } from "@wampgate/plugin-testkit";
import { Systemd } from "./systemd.ts";

// What systemd hears is in test/systemd.test.ts. Here nothing reaches it: NOTIFY_SOCKET is not handed on by a test's process,
// so the program systemd-notify fails, where there is one.

const { NOTIFY_SOCKET, WATCHDOG_USEC } = process.env;

afterEach(() => {
  for (const [name, value] of Object.entries({ NOTIFY_SOCKET, WATCHDOG_USEC }))
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
});

it("where the unit does not ask for it, systemd is told nothing", async () => {
  Reflect.deleteProperty(process.env, "NOTIFY_SOCKET");
  const log = new CapturedLog();
  const systemd = new Systemd(log);
  await Promise.all([systemd.ready(), systemd.reloading(), systemd.stopping()]);
  expect(log.lines).toEqual([]);
});

it("what systemd could not be told is in the log, in order, and the router goes on", async () => {
  process.env["NOTIFY_SOCKET"] = "/nowhere";
  const log = new CapturedLog();
  const systemd = new Systemd(log);
  await Promise.all([systemd.ready(), systemd.reloading(), systemd.stopping()]);
  expect(log.lines.map(({ level, message }) => [level, /systemd (\w+=)/.exec(message)?.[1]])).toEqual([
    ["warn", "READY="],
    ["warn", "RELOADING="],
    ["warn", "STOPPING="],
  ]);
});

it("a watchdog is told twice in each of its periods, but not again before it has heard, and never after the end", async () => {
  jest.useFakeTimers();
  try {
    Object.assign(process.env, { NOTIFY_SOCKET: "/nowhere", WATCHDOG_USEC: "20000" });
    const log = new CapturedLog();
    const systemd = new Systemd(log);
    await systemd.ready();
    jest.advanceTimersByTime(10);
    jest.advanceTimersByTime(30); // the first is still on its way
    await systemd.stopping();
    jest.advanceTimersByTime(100);
    expect(log.lines.map(({ message }) => /systemd (\w+=)/.exec(message)?.[1])).toEqual([
      "READY=",
      "WATCHDOG=",
      "STOPPING=",
    ]);
  } finally {
    jest.useRealTimers();
  }
});
