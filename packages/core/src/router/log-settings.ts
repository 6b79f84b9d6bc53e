import type { LimitReport } from "../limits/limit-report.ts";
import type { Live } from "../settings/live.ts";
import type { RouterLog } from "./router-log.ts";
import type { RouterSettings } from "./settings.ts";

/** Applies the config's `log` to the router's own log, and counts the lines that it drops. */
export class LogSettings {
  /** Null if the embedding program brings its own log. */
  readonly #log: RouterLog | null;
  readonly #settings: Live<RouterSettings>;
  /** Ends the counting. */
  readonly close: () => void;

  constructor(log: RouterLog | null, settings: Live<RouterSettings>, limits: LimitReport) {
    this.#log = log;
    this.#settings = settings;
    this.close = log?.onLoss((lines) => limits.add("log.buffer", lines)) ?? ((): void => undefined);
    this.settingsChanged();
  }

  settingsChanged(): void {
    this.#log?.configure(this.#settings.now.log);
  }
}
