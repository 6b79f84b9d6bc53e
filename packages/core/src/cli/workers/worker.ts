import type { LogLevel } from "../../router/settings.ts";
import { reload } from "../reload.ts";
import { summaryOf, survivePromises } from "../running.ts";
import { type RouterCommand, routerOf } from "../router-of.ts";
import { configOfWorker } from "./config.ts";
import { isOrder, type Report } from "./messages.ts";

/** Which signals the primary handles for all: a terminal and systemd send them to each process. */
const OF_PRIMARY = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs the router in a worker, until the primary ends it. If the primary is gone, Node.js ends the process. */
export async function runWorker(options: RouterCommand, node: string, level: LogLevel | undefined): Promise<void> {
  for (const signal of OF_PRIMARY) process.on(signal, () => undefined);
  const adapt = (raw: unknown): unknown => configOfWorker(raw, node.endsWith("-1"), node);
  const { router, file } = await routerOf(options, { level, worker: node, adapt });
  survivePromises(router);
  const closed = new Promise<void>((resolve) => {
    let done: Promise<unknown> = Promise.resolve();
    process.on("message", (message: unknown) => {
      if (!isOrder(message)) return;
      const order = message.wampgate;
      // One after the other. None of them rejects.
      if (order === "reload") done = done.then(() => reload(router, file, adapt));
      else if (order === "drain") done = done.then(() => router.drain());
      else return resolve();
      done = done.then(() => report({ wampgate: order }));
    });
  });
  await router.start();
  report({ wampgate: "started", summary: summaryOf(router, file) });
  await closed;
  await router.close();
  process.disconnect();
}

function report(what: Report): void {
  if (process.connected) process.send?.(what);
}
