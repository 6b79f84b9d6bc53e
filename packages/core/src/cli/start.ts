import type { Router } from "../router/router.ts";
import { LOG_LEVELS, type LogLevel } from "../router/settings.ts";
import { whenDone } from "../wamp/guarded.ts";
import { unlessRepeated } from "../wamp/unless-repeated.ts";
import { FAILED } from "./exit-codes.ts";
import { neverWaitForReaders } from "./output.ts";
import { tuneMemory } from "./tune-memory.ts";
import { reload } from "./reload.ts";
import { type RouterCommand, routerOf } from "./router-of.ts";
import { Systemd } from "./systemd.ts";
import { UsageError } from "../errors/usage-error.ts";

export interface StartOptions extends RouterCommand {
  readonly logLevel?: string;
}

/** Ctrl-C may come twice, from the terminal and from npm. Within this time, in milliseconds, it counts once. */
const ECHO_TIME = 500;

/** Starts the router, and resolves when a signal has stopped it. */
export async function start(options: StartOptions): Promise<void> {
  const level = levelOf(options.logLevel);
  neverWaitForReaders();
  tuneMemory();
  const told = toldToStop();
  const { router, file } = await routerOf(options, level);
  // A last resort: an unhandled promise of a plugin or a component must not end all sessions.
  process.on("unhandledRejection", (error) =>
    unlessRepeated(router, "rejection", (repeats) =>
      router.log.error(
        { err: error, ...repeats },
        "a promise was rejected and not handled, in a plugin, a component or the router",
      ),
    ),
  );
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
  for (const line of summary(router, file)) console.log(line);
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

/** The URLs where the router listens, with their methods and the plugins of these. */
function summary(router: Router, file: string): string[] {
  const lines = router.endpoints.map(({ url, methods }) => {
    const offers = methods.map(({ name, types, plugin }) => `${name} (${types.join(", then ")}) from ${plugin}`);
    return `  ${url}  ${offers.join("; ")}`;
  });
  return [`wampgate runs ${file}, and listens on`, ...lines];
}
