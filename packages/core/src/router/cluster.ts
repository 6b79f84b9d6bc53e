import type { LinkStats } from "../contract/cluster-stats.ts";
import type { NodeName, RunningLink } from "../contract/realm-link.ts";
import { PluginError } from "../errors/plugin-error.ts";
import { shownCause, thrownText } from "../errors/thrown.ts";
import { WampgateError } from "../errors/wampgate-error.ts";
import { attempt } from "../wamp/guarded.ts";
import { Deadline, untilAborted } from "../wamp/deadline.ts";
import type { RouterContext } from "./context.ts";
import type { Realms } from "./realms.ts";

/** How long the link may take to start and to end, in milliseconds. */
const START_TIMEOUT = 30_000;
const END_TIMEOUT = 5000;

/** The link to the other nodes, if the config has a `cluster`. */
export class Cluster {
  #link: RunningLink | null = null;
  readonly #realms: Realms;
  readonly #context: RouterContext;

  constructor(realms: Realms, context: RouterContext) {
    this.#realms = realms;
    this.#context = context;
  }

  /** The name of this node; null if no link runs. */
  get node(): NodeName | null {
    return this.#link?.node ?? null;
  }

  /** What the link counts; null if none runs, or if it counts nothing. */
  get stats(): LinkStats | null {
    return this.#link?.stats ?? null;
  }

  /** Whether clients should come to this node: the link may want them elsewhere. */
  get isReady(): boolean {
    return this.#link?.isReady ?? true;
  }

  /** @throws WampgateError if the link to the other nodes is needed, and does not run yet */
  requireLink(): void {
    if (this.#context.config.now.cluster === null || this.#link !== null) return;
    throw new WampgateError(
      "WG_CLUSTER_START",
      "the config has a cluster, and the link to the other nodes does not run yet: ask for sessions after start()",
    );
  }

  /** Starts the link. Resolves when this node knows what the others told. @throws PluginError if the link fails */
  async start(): Promise<void> {
    const { config, log } = this.#context;
    const { cluster, folder } = config.now;
    if (cluster === null) return;
    const { link, options, plugin } = cluster;
    const limit = new Deadline(START_TIMEOUT);
    try {
      const context = { log: log.child({ cluster: link.type }), folder, signal: limit.signal };
      const running = await untilAborted(Promise.resolve(link.start(options, context)), limit.signal);
      this.#link = running;
      this.#context.shared.connect(running);
      this.#realms.connect(running);
      await untilAborted(running.ready(), limit.signal);
      log.info({ node: running.node }, "joined the cluster");
    } catch (error) {
      throw new PluginError(
        "WG_CLUSTER_LINK",
        plugin,
        `could not link the router to other nodes: ${thrownText(error)}`,
        {
          cause: shownCause(error),
        },
      );
    } finally {
      limit.end();
    }
  }

  /** Tells the other nodes that this one is about to end. */
  drain(): void {
    attempt(
      () => this.#link?.drain?.(),
      (error) => this.#context.log.error({ err: error }, "the link failed to tell the other nodes that this one ends"),
    );
  }

  /** Never rejects. */
  async close(): Promise<void> {
    const running = this.#link;
    if (running === null) return;
    this.#link = null;
    this.#context.shared.disconnect();
    const limit = new Deadline(END_TIMEOUT);
    try {
      await untilAborted(running.close(), limit.signal);
    } catch (error) {
      this.#context.log.error({ err: error }, "the link to other nodes did not end as it should");
    } finally {
      limit.end();
    }
  }
}
