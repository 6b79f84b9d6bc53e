import type { Log } from "../contract/log.ts";

const nothing = (): void => undefined;

/** A log that drops each line before it is made. */
export const NO_LOG: Log & { isLevelEnabled(): boolean } = {
  isLevelEnabled: () => false,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => NO_LOG,
};
