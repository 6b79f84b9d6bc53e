import type { Cause } from "../contract/login-cause.ts";
import { PluginError } from "../errors/plugin-error.ts";

/** The login is denied, whatever its method goes on to say. */
export class Denial extends Error {
  override readonly name = "Denial";
  readonly reason: string;
  readonly text: string | null;
  /** For the operator. */
  readonly why: Cause;
  /** The plugin that denied it; null if core did. */
  readonly plugin: string | null;
  /** The strategy that denied it; null if none did. */
  readonly provider: string | null;
  /** The limit that is reached, if that is why. */
  readonly limit: string | null;

  constructor(
    reason: string,
    text: string | null,
    why: Cause,
    by: Partial<Pick<Denial, "plugin" | "provider" | "limit">> = {},
  ) {
    // Nobody reads its stack, and the time to write one would tell that the first of two proofs is wrong.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`the login is denied: ${reason}`);
    Error.stackTraceLimit = stackTraceLimit;
    this.limit = by.limit ?? null;
    this.reason = reason;
    this.text = text;
    this.why = why;
    this.plugin = by.plugin ?? null;
    this.provider = by.provider ?? null;
  }
}

/** The plugin that failed, as a field of a log line or of a Denial. */
export function pluginOf(error: unknown): { plugin?: string } {
  return error instanceof PluginError ? { plugin: error.plugin } : {};
}
