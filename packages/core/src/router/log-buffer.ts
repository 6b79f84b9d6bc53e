import type { LimitReport } from "../limits/limit-report.ts";
import type { Live } from "../settings/live.ts";
import type { LogStream } from "./log-stream.ts";
import type { RouterSettings } from "./settings.ts";

type Bounded = Pick<LogStream, "limit" | "onLoss">;

/** Applies `log.buffer` to the log's stream, and counts the lines that it drops. */
export class LogBuffer {
  /** Null if the embedding program brings its own log. */
  readonly #stream: Bounded | null;
  readonly #settings: Live<RouterSettings>;
  /** Ends the counting. */
  readonly close: () => void;

  constructor(stream: Bounded | null, settings: Live<RouterSettings>, limits: LimitReport) {
    this.#stream = stream;
    this.#settings = settings;
    this.close = stream?.onLoss((lines) => limits.add("log.buffer", lines)) ?? ((): void => undefined);
    this.settingsChanged();
  }

  settingsChanged(): void {
    if (this.#stream !== null) this.#stream.limit = this.#settings.now.log.buffer;
  }
}
