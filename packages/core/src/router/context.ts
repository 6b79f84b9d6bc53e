import type { LoadedConfig } from "../config/load.ts";
import type { RouterHooks } from "../contract/hooks.ts";
import type { Log } from "../contract/log.ts";
import type { LimitReport } from "../limits/limit-report.ts";
import type { LiveSource } from "../settings/live.ts";
import type { Shared } from "./shared.ts";

/** What the parts of one router share. */
export interface RouterContext {
  readonly config: LiveSource<LoadedConfig>;
  readonly hooks: RouterHooks;
  readonly log: Log;
  readonly limits: LimitReport;
  /** What is shared with other nodes. */
  readonly shared: Shared;
}
