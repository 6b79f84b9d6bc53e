import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { folderOf } from "../../../../jest/folder.ts";
import type { Log } from "../contract/log.ts";
import { boundedLog } from "./bounded-log.ts";
import { logStreamOf } from "./log-stream.ts";
import { routerLog, routerLogOf } from "./router-log.ts";
import { routerSettings, type LogLevel } from "./settings.ts";

const folder = await folderOf();
let files = 0;

const linesIn = (path: string): string[] => readFileSync(path, "utf8").split("\n").slice(0, -1);

/** A log in a file. */
function logInFile(level?: LogLevel) {
  const path = join(folder, `log${++files}`);
  const fd = openSync(path, "w");
  const log = routerLog(fd, { level });
  return {
    log,
    configure: (settings: object) => routerLogOf(log)?.configure(routerSettings.parse({ log: settings }).log),
    lines: () => {
      logStreamOf(fd).flush();
      return linesIn(path);
    },
    linesAtOnce: () => linesIn(path),
  };
}

const say = (log: Pick<Log, "debug" | "info">): void => {
  log.debug({}, "quiet");
  log.info({}, "loud");
};

describe("the router's log", () => {
  it("has lines of JSON and the level of the config, also a child of it that was there before", () => {
    const { log, configure, lines } = logInFile();
    const child = boundedLog(log).child({ realm: "realm1" });
    say(child);
    configure({ level: "debug" });
    say(child);
    configure({ level: "silent" });
    say(child);
    const written = lines().map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(written).toMatchObject([
      { level: 30, msg: "loud", realm: "realm1", name: "wampgate", pid: process.pid },
      { level: 20, msg: "quiet" },
      { level: 30, msg: "loud" },
    ]);
  });

  it("has a line at once that says what went wrong, and those that were there before it", () => {
    const { log, linesAtOnce } = logInFile();
    log.info({}, "first");
    expect(linesAtOnce()).toEqual([]);
    log.warn({}, "second");
    expect(linesAtOnce().map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(["first", "second"]);
  });

  it("has the level it was created with, whatever the config says", () => {
    const { log, configure, lines } = logInFile("debug");
    configure({ level: "silent" });
    say(log);
    expect(lines()).toHaveLength(2);
  });

  it("has one line of text for each entry if the format is pretty, and no control characters", () => {
    const { log, configure, lines } = logInFile();
    configure({ format: "pretty" });
    log.info({ login: "welcome", session: 7, authid: "joe", plugin: null }, "login welcome");
    log.warn({ text: "\u001b[2J" }, "a \u001b[31mred\u009b0m text");
    expect(lines()).toEqual([
      expect.stringMatching(/ INFO: login welcome \{"login":"welcome","session":7,"authid":"joe","plugin":null\}$/),
      // eslint-disable-next-line no-control-regex
      expect.stringMatching(/^[^\x00-\x1f\x7f-\x9f]* WARN: a \\u001b\[31mred.*$/),
    ]);
    configure({ format: "json" });
    log.info({}, "back");
    expect(JSON.parse(lines().at(-1) ?? "")).toMatchObject({ msg: "back" });
  });

  it("shows the places of an error on lines of their own if the format is pretty", () => {
    const { log, configure, lines } = logInFile();
    configure({ format: "pretty" });
    boundedLog(log).error({ err: new Error("outside", { cause: new Error("inside") }) }, "failed");
    expect(lines().join("\n")).toMatch(
      /ERROR: failed *\n[^]*Error: outside\n +at .*router-log\.test[^]*caused by: Error: inside\n +at /,
    );
  });
});
