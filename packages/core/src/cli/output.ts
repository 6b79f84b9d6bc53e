import { Console } from "node:console";
import { logStreamOf } from "../router/log-stream.ts";
import { FAILED } from "./exit-codes.ts";

/**
 * Makes all output non-blocking, even if its reader hangs: what the command line and components print, Node's warnings,
 * and the error that ends the process.
 */
export function neverWaitForReaders(): void {
  const [stdout, stderr] = [logStreamOf(1), logStreamOf(2)].map((stream) => stream as unknown as NodeJS.WritableStream);
  if (stdout === undefined) return;
  globalThis.console = new Console({ stdout, ...(stderr === undefined ? {} : { stderr }), ignoreErrors: false });
  if (process.listenerCount("warning") > 0) {
    process.removeAllListeners("warning");
    process.on("warning", ({ name, message }) => console.error(`${name}: ${message}`));
  }
  process.on("uncaughtException", (error: unknown) => {
    console.error(error instanceof Error ? error.stack : error);
    process.exit(FAILED);
  });
}
