import type { CodeOf } from "./table.ts";
import { WampgateError } from "./wampgate-error.ts";

/** A plugin threw, hung, or gave an answer that its contract does not allow. Goes to the log, never to a client. */
export class PluginError extends WampgateError {
  override readonly name = "PluginError";
  readonly plugin: string;
  /** The hook whose tap failed, by its name; null if core found the mistake later. */
  hook: string | null = null;

  constructor(code: CodeOf<"PluginError">, plugin: string, message: string, options?: ErrorOptions) {
    super(code, `plugin "${plugin}" ${message}`, options);
    this.plugin = plugin;
  }
}
