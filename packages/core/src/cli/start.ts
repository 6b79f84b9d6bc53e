import { pino } from "pino";
import pretty from "pino-pretty";
import { readConfig } from "../config/find.ts";
import type { WampgateConfig } from "../config/define-config.ts";
import { pathText } from "../contract/errors.ts";
import { createRouter, type Router } from "../router.ts";
import { UsageError } from "./usage-error.ts";

export interface StartOptions {
  readonly config?: string;
  readonly debug?: boolean;
  readonly logLevel?: string;
}

const LEVELS = ["debug", "info", "warn", "error"];

/** Starts the router, and resolves when a signal has stopped it. */
export async function start(options: StartOptions): Promise<void> {
  const level = options.logLevel ?? "info";
  if (!LEVELS.includes(level)) throw new UsageError(`--log-level is one of ${LEVELS.join(", ")}, not ${level}`);
  const router = await routerOf(options, level);
  const stopped = new Promise<void>((resolve, reject) => {
    const stop = (): void => void router.close().then(resolve, reject);
    process.once("SIGTERM", stop);
    process.once("SIGINT", stop);
  });
  await router.start();
  for (const line of summary(router)) console.log(line);
  await stopped;
}

/** The router of the config file, not started. Its log goes to stderr: JSON lines, or pretty on a terminal. */
export async function routerOf({ config }: StartOptions, level: string): Promise<Router> {
  const cwd = process.cwd();
  const { file, raw } = await readConfig({ cwd, ...(config === undefined ? {} : { file: config }) });
  const stream = process.stderr.isTTY
    ? pretty({ destination: 2, sync: true, ignore: "pid,hostname,name" })
    : pino.destination({ dest: 2, sync: true });
  const log = pino({ name: "wampgate", level, serializers: { error: pino.stdSerializers.err } }, stream);
  const router = await createRouter(raw as WampgateConfig, { cwd, file, log });
  for (const { path, message } of router.warnings) console.error(`warning: ${pathText(path)}: ${message}`);
  return router;
}

/** What listens where, with which methods, and from which plugin each comes. */
function summary(router: Router): string[] {
  const lines = router.endpoints.map(({ url, methods }) => {
    const doors = methods.map(({ name, types, plugin }) => `${name} (${types.join(", then ")}) from ${plugin}`);
    return `  ${url}  ${doors.join("; ")}`;
  });
  return ["wampgate listens on", ...lines];
}
