/** A plugin did what it may not: threw, hung, or answered out of its contract. Goes to the log, never to a peer. */
export class PluginError extends Error {
  override readonly name = "PluginError";
  readonly plugin: string;

  constructor(plugin: string, message: string, options?: ErrorOptions) {
    super(`plugin "${plugin}" ${message}`, options);
    this.plugin = plugin;
  }
}
