import type { Durations, LinkStats, PluginApi } from "@wampgate/core";
import { Counter, Gauge, type MetricObjectWithValues, type MetricValueWithName, type Registry } from "prom-client";

/**
 * Metrics of the link to other nodes, read at each scrape. Labels have words of the link alone: names of nodes are in the
 * log.
 */
export function registerClusterMetrics(registry: Registry, router: PluginApi["stats"]): void {
  const stats = (): LinkStats | null => router.cluster;
  const registers = [registry];
  const gauge = (name: string, help: string, read: (from: LinkStats) => number): void => {
    new Gauge({
      name: `wampgate_cluster_${name}`,
      help,
      registers,
      collect() {
        const now = stats();
        if (now === null) this.reset();
        else this.set(read(now));
      },
    });
  };
  /** @param read the values, each with its labels */
  const counter = (
    name: string,
    help: string,
    labelNames: readonly string[],
    read: (from: LinkStats) => Iterable<readonly [labels: Record<string, string>, value: number]>,
  ): void => {
    new Counter({
      name: `wampgate_cluster_${name}_total`,
      help,
      labelNames,
      registers,
      collect() {
        const now = stats();
        if (now === null) return;
        this.reset();
        for (const [labels, value] of read(now)) this.inc(labels, value);
      },
    });
  };
  const one = (value: number): [Record<string, string>, number][] => [[{}, value]];
  const by = (label: string, counts: ReadonlyMap<string, number>): [Record<string, string>, number][] =>
    [...counts].map(([word, count]) => [{ [label]: word }, count]);

  gauge("nodes", "Nodes that are there, with this one.", ({ nodes }) => nodes);
  gauge("connected", "Whether this node reaches the network between the nodes: 1 or 0.", ({ isConnected }) =>
    Number(isConnected),
  );
  gauge("unacknowledged_bytes", "What other nodes have not acknowledged.", (from) => from.unacknowledgedBytes);
  gauge("config_differs", "Realms that other nodes have with other roles or options.", () => router.configDiffers);
  counter("messages", "What nodes told each other.", ["kind", "direction"], ({ messages }) =>
    [...messages].flatMap(([kind, { sent, received }]) => [
      [{ kind, direction: "sent" }, sent] as const,
      [{ kind, direction: "received" }, received] as const,
    ]),
  );
  counter("bytes", "The bytes of that.", ["direction"], ({ bytes: { sent, received } }) => [
    [{ direction: "sent" }, sent],
    [{ direction: "received" }, received],
  ]);
  counter("lost", "What was on its way when a pair of nodes broke, and may not have come.", ["kind"], ({ lost }) =>
    by("kind", lost),
  );
  counter("dropped", "Events that were not sent: a node is too slow, or this one is cut off.", ["kind"], (from) =>
    by("kind", from.dropped),
  );
  counter("resets", "How often a pair of nodes began again, since something was lost.", [], (from) => one(from.resets));
  counter("gone", "Nodes that are gone, by what told it.", ["by"], ({ gone }) => by("by", gone));
  counter("claims_lost", "Procedures that this node held and others took.", [], (from) => one(from.claimsLost));
  counter("unsettled", "How often a client was answered before all nodes acted by what it did.", [], (from) =>
    one(from.unsettled),
  );
  counter("unreadable", "What came from other nodes and could not be read.", [], (from) => one(from.unreadable));
  new DurationsMetric(
    "wampgate_cluster_hop_seconds",
    "From a heartbeat to its acknowledgement by another node.",
    registry,
    () => stats()?.hop,
  );
  new DurationsMetric(
    "wampgate_cluster_claim_seconds",
    "What it took to decide who holds a procedure.",
    registry,
    () => stats()?.claim,
  );
}

/** A histogram of durations that are counted elsewhere: prom-client's own one counts what it is told one by one. */
class DurationsMetric extends Gauge {
  readonly #name: string;
  readonly #read: () => Durations | undefined;

  constructor(name: string, help: string, registry: Registry, read: () => Durations | undefined) {
    super({ name, help, registers: [registry] });
    this.#name = name;
    this.#read = read;
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const read = this.#read();
    const value = (suffix: string, amount: number, labels: Record<string, string> = {}) => ({
      metricName: `${this.#name}_${suffix}`,
      value: amount,
      labels,
    });
    const buckets = [...(read?.buckets ?? [])].map(([bound, count]) => value("bucket", count, { le: String(bound) }));
    const values =
      read === undefined
        ? []
        : [...buckets, value("bucket", read.count, { le: "+Inf" }), value("sum", read.sum), value("count", read.count)];
    return { ...(await super.get()), type: "histogram" as never, values };
  }
}
