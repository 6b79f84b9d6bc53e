/** A plugin threw, hung, or gave an answer that its contract does not allow. Goes to the log, never to a client. */
export class PluginError extends Error {
  override readonly name = "PluginError";
  readonly plugin: string;

  constructor(plugin: string, message: string, options?: ErrorOptions) {
    super(`plugin "${plugin}" ${message}`, options);
    this.plugin = plugin;
  }
}
