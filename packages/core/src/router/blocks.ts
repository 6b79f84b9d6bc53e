import type { LoadedConfig } from "../config/load.ts";
import type { BlockInstance } from "../contract/auth-settings.ts";
import type { PluginApi } from "../contract/plugin-api.ts";
import { BlockError } from "../errors/block-error.ts";
import { ConfigError, type ConfigIssue } from "../errors/config-error.ts";
import { shownCause, thrownText } from "../errors/thrown.ts";
import type { RouterContext } from "./context.ts";

/** What strategies have open for the blocks of the config: modules, keys, connections. */
export class Blocks {
  readonly #context: RouterContext;
  readonly #apis: ReadonlyMap<string, PluginApi>;
  /** What reloads have replaced, until it is closed. */
  readonly #closing = new Set<Promise<void>>();

  /** @param apis by plugin */
  constructor(context: RouterContext, apis: ReadonlyMap<string, PluginApi>) {
    this.#context = context;
    this.#apis = apis;
  }

  /**
   * Opens those of a config.
   * @throws ConfigError with all problems; then nothing is left open
   */
  async open(config: LoadedConfig): Promise<void> {
    const problems: ConfigIssue[] = [];
    for (const instance of instancesOf(config)) {
      const api = this.#apis.get(instance.plugin);
      if (api === undefined) continue;
      const { at } = instance;
      try {
        await instance.open(api, {
          ...config.surroundings,
          warn: (path, message) => api.log.warn({ config: config.issueAt([...at, ...path], message) }, message),
        });
      } catch (error) {
        const path = error instanceof BlockError ? error.path : [];
        const cause = error instanceof BlockError ? error.cause : shownCause(error);
        problems.push(config.issueAt([...at, ...path], thrownText(error), cause));
      }
    }
    if (problems.length === 0) return;
    await this.close(config);
    throw new ConfigError(config.file, problems);
  }

  /** Closes those of a config, once they have answered what they were asked. Never rejects. */
  close(config: LoadedConfig): Promise<void> {
    const { log } = this.#context;
    const closing = Promise.all(
      instancesOf(config).map((instance) =>
        instance.close().catch((error: unknown) => {
          const { path } = config.issueAt(instance.at, "");
          log.error({ err: error, plugin: instance.plugin, path }, "a strategy failed to close what a block had open");
        }),
      ),
    ).then(() => undefined);
    this.#closing.add(closing);
    const forget = (): void => void this.#closing.delete(closing);
    closing.then(forget, forget);
    return closing;
  }

  /** Closes those of a config that was replaced. A reload does not wait for those that still answer a question. */
  replaced(config: LoadedConfig): void {
    this.close(config).catch(() => undefined);
  }

  /** Closes all, when the router does. */
  async end(): Promise<void> {
    await Promise.all([this.close(this.#context.config.now), ...this.#closing]);
  }
}

/** What the strategies of a config open. */
export function instancesOf({ transports }: LoadedConfig): BlockInstance[] {
  return transports.flatMap(({ auth }) =>
    [...auth.values()].flatMap(({ blocks }) => blocks.flatMap(({ instance }) => instance ?? [])),
  );
}
