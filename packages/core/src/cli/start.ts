import cluster from "node:cluster";
import { LOG_LEVELS, type LogLevel } from "../router/settings.ts";
import { whenDone } from "../wamp/guarded.ts";
import { FAILED } from "./exit-codes.ts";
import { neverWaitForReaders } from "./output.ts";
import { tuneMemory } from "./tune-memory.ts";
import { reload } from "./reload.ts";
import { summaryOf, survivePromises } from "./running.ts";
import { type RouterCommand, routerOf, showWarnings } from "./router-of.ts";
import { Systemd } from "./systemd.ts";
import { UsageError } from "../errors/usage-error.ts";
import { WORKER } from "./workers/messages.ts";
import { runWorkers } from "./workers/primary.ts";
import { runWorker } from "./workers/worker.ts";

export interface StartOptions extends RouterCommand {
  readonly logLevel?: string;
  readonly workers?: string;
}

/** The most workers: each one is linked to each other one. */
const MOST_WORKERS = 64;

/** Ctrl-C may come twice, from the terminal and from npm. Within this time, in milliseconds, it counts once. */
const ECHO_TIME = 500;

/** Starts the router, or several processes of it, and resolves when a signal has stopped it. */
export async function start(options: StartOptions): Promise<void> {
  const level = levelOf(options.logLevel);
  const count = workersOf(options.workers);
  neverWaitForReaders();
  const node = process.env[WORKER];
  if (count !== null && cluster.isWorker && node !== undefined) {
    tuneMemory();
    return runWorker(options, node, level);
  }
  if (count !== null) return runWorkers(options, count, level, toldToStop());
  tuneMemory();
  const told = toldToStop();
  const { router, file } = await routerOf(options, { level });
  showWarnings(router.warnings, file);
  survivePromises(router);
  const systemd = new Systemd(router.log);
  let started = (): void => undefined;
  let reloaded = new Promise<void>((resolve) => (started = resolve));
  process.on("SIGHUP", () => {
    reloaded = reloaded.then(async () => {
      await systemd.reloading();
      await reload(router, file);
      await systemd.ready();
    });
  });
  await router.start();
  started();
  for (const line of summaryOf(router, file)) console.log(line);
  whenDone(
    systemd.ready(),
    () => undefined,
    (error) => router.log.error({ err: error }, "could not tell systemd that the router is ready"),
  );
  await told;
  const isTold = systemd.stopping();
  await router.drain();
  await router.close();
  await isTold;
}

/** @throws UsageError if it is no number of workers */
function workersOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_WORKERS) return count;
  throw new UsageError(`--workers is a number from 1 to ${MOST_WORKERS}, not ${text}`);
}

function levelOf(name: string | undefined): LogLevel | undefined {
  const level = LOG_LEVELS.find((known) => known === name);
  if (level === undefined && name !== undefined)
    throw new UsageError(`--log-level is one of ${LOG_LEVELS.join(", ")}, not ${name}`);
  return level;
}

/** Resolves at the first SIGTERM or SIGINT; at a second one the process ends at once. */
function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | null = null;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (first === null) {
        first = performance.now();
        resolve();
      } else if (performance.now() - first > ECHO_TIME) {
        console.error(`ended at once by a second ${signal}`);
        process.exit(FAILED);
      }
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}
