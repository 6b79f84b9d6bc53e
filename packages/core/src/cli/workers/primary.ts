import type { Logger } from "pino";
import { type ConfigSource, readConfig } from "../../config/find.ts";
import type { LoadedConfig } from "../../config/load.ts";
import { routerLog, routerLogOf } from "../../router/router-log.ts";
import type { LogLevel } from "../../router/settings.ts";
import { whenDone } from "../../wamp/guarded.ts";
import { notReloaded } from "../reload.ts";
import { type RouterCommand, showWarnings } from "../router-of.ts";
import { Systemd } from "../systemd.ts";
import { checkForWorkers } from "./config.ts";
import { SIDE, WorkersSide } from "./side.ts";
import { Workers } from "./workers.ts";

/**
 * Runs workers until a signal stops them. Each is a router of the same config, and they act as one.
 * @param told resolves at the signal to stop
 * @throws ConfigError if the config is wrong; WampgateError if a worker does not start
 */
export async function runWorkers(
  { config }: RouterCommand,
  count: number,
  level: LogLevel | undefined,
  told: Promise<void>,
): Promise<void> {
  const cwd = process.cwd();
  const source = await readConfig({ cwd, ...(config === undefined ? {} : { file: config }) });
  const { loaded, hub } = await checkForWorkers(source, cwd);
  showWarnings(loaded.warnings, source.file);
  const log = routerLog(2, { level });
  routerLogOf(log)?.configure(loaded.settings.log);
  const { side: settings } = loaded.settings;
  const side = settings === undefined ? null : await WorkersSide.open(settings, loaded.folder, log);
  const workers = new Workers(count, hub, log, side === null ? {} : { [SIDE]: side.place });
  side?.asks(() => workers.running);
  try {
    await runUntil(told, workers, { log, source, loaded, count });
  } finally {
    await side?.close();
  }
}

interface Given {
  readonly log: Logger;
  readonly source: ConfigSource;
  readonly loaded: LoadedConfig;
  readonly count: number;
}

async function runUntil(told: Promise<void>, workers: Workers, { log, source, loaded, count }: Given): Promise<void> {
  const cwd = process.cwd();
  process.once("exit", () => workers.kill());
  const systemd = new Systemd(log);
  const starting = workers.start();
  let reloaded: Promise<void> = starting.then(
    () => undefined,
    () => undefined,
  );
  process.on("SIGHUP", () => {
    reloaded = reloaded.then(async () => {
      await systemd.reloading();
      try {
        // What is wrong is told once.
        const { file } = source;
        const changed = await checkForWorkers(
          await readConfig({ file, cwd }),
          cwd,
          loaded.plugins.map(({ plugin }) => plugin),
        );
        routerLogOf(log)?.configure(changed.loaded.settings.log);
        await workers.reload();
      } catch (error) {
        notReloaded(log, source.file, error);
      }
      await systemd.ready();
    });
  });
  const isTold = told.then(() => "told" as const);
  const first = await Promise.race([starting, isTold]);
  if (first === "told") {
    starting.catch(() => undefined);
    return workers.stop(0);
  }
  const [title = "", ...urls] = first;
  for (const line of [title.replace(/, and listens/, ` with ${count} workers, and listens`), ...urls])
    console.log(line);
  log.info({ workers: count }, "started");
  whenDone(
    systemd.ready(),
    () => undefined,
    (error) => log.error({ err: error }, "could not tell systemd that the router is ready"),
  );
  await told;
  const isStopping = systemd.stopping();
  await workers.stop(loaded.settings["shutdown-timeout"]);
  log.info({}, "stopped");
  await isStopping;
}
