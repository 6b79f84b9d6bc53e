import { CloseUri, ErrorUri, type PluginApi } from "@wampgate/core";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

const SECONDS = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * The reasons that get a series of their own. Authenticators may use any others, and a series for each could be
 * endless.
 */
const REASONS: ReadonlySet<string> = new Set([...Object.values(ErrorUri), ...Object.values(CloseUri)]);

type TrafficKey = keyof PluginApi["stats"]["transports"][number]["traffic"];

/**
 * A router's metrics for Prometheus. No label has a value that a client chooses: methods, strategies, realms, roles and
 * transports come from the config, and all else is `other` or `none`.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #stats: PluginApi["stats"];

  constructor(stats: PluginApi["stats"]) {
    this.#stats = stats;
    collectDefaultMetrics({ register: this.registry });
    this.#readStats();
  }

  /** Counts by the hooks from now on. */
  tap(hooks: PluginApi["hooks"]): void {
    const tap = "@wampgate/metrics";
    const registers = [this.registry];
    const logins = new Counter({
      name: "wampgate_logins_total",
      help: "Logins that ended, by what they ended in: welcome, or the reason of ABORT.",
      labelNames: ["method", "strategy", "outcome"],
      registers,
    });
    const duration = new Histogram({
      name: "wampgate_login_duration_seconds",
      help: "From HELLO to WELCOME or ABORT, with what the client takes.",
      labelNames: ["outcome"],
      buckets: SECONDS,
      registers,
    });
    const calls = new Histogram({
      name: "wampgate_authenticator_call_duration_seconds",
      help: "Calls of authenticators and authorizers, by how they ended.",
      labelNames: ["outcome"],
      buckets: SECONDS,
      registers,
    });
    const strategies = new Histogram({
      name: "wampgate_strategy_duration_seconds",
      help: "Questions to a block's strategy who a client is, by what it answered, or why it denied the login.",
      labelNames: ["strategy", "block", "outcome"],
      buckets: SECONDS,
      registers,
    });
    const sessions = new Gauge({
      name: "wampgate_sessions",
      help: "Sessions that have joined.",
      labelNames: ["realm", "authrole"],
      registers,
    });
    hooks.joined.tap(tap, ({ realm, authrole }, login) => {
      sessions.inc({ realm, authrole });
      if (login === null) return;
      logins.inc({ method: login.authmethod, strategy: login.provider, outcome: "welcome" });
      duration.observe({ outcome: "welcome" }, login.ms / 1000);
    });
    hooks.left.tap(tap, ({ realm, authrole }) => sessions.dec({ realm, authrole }));
    hooks.loginFailed.tap(tap, ({ authmethod, provider, reason, ms }) => {
      const outcome = REASONS.has(reason) ? reason : "other";
      logins.inc({ method: authmethod ?? "none", strategy: provider ?? "none", outcome });
      duration.observe({ outcome: "refused" }, ms / 1000);
    });
    hooks.strategyAnswered.tap(tap, ({ strategy, config, kind, cause, ms }) =>
      strategies.observe({ strategy, block: config.path, outcome: cause ?? kind }, ms / 1000),
    );
    hooks.serviceCallEnded.tap(tap, ({ kind, ms }) => calls.observe({ outcome: kind }, ms / 1000));
  }

  /** Core's own counts are read at each scrape. */
  #readStats(): void {
    const registers = [this.registry];
    const stats = this.#stats;
    const transports = (): readonly { transport: string; entry: (typeof stats.transports)[number] }[] =>
      stats.transports.map((entry, i) => ({ transport: `${i}:${entry.type}`, entry }));
    new Gauge({
      name: "wampgate_half_open",
      help: "Connections that have not logged in yet.",
      labelNames: ["transport"],
      registers,
      collect() {
        for (const { transport, entry } of transports()) this.set({ transport }, entry.pendingLogins);
      },
    });
    const countTraffic = (name: string, help: string, received: TrafficKey, sent: TrafficKey): Counter =>
      new Counter({
        name,
        help,
        labelNames: ["transport", "direction"],
        registers,
        collect() {
          this.reset();
          for (const { transport, entry } of transports()) {
            this.inc({ transport, direction: "received" }, entry.traffic[received]);
            this.inc({ transport, direction: "sent" }, entry.traffic[sent]);
          }
        },
      });
    countTraffic("wampgate_messages_total", "Messages.", "messagesReceived", "messagesSent");
    countTraffic(
      "wampgate_bytes_total",
      "Bytes of messages, less what the transport puts around them.",
      "bytesReceived",
      "bytesSent",
    );
    new Counter({
      name: "wampgate_limits_hit_total",
      help: "How often somebody was refused, slowed or disconnected because of a limit, by its key in the config.",
      labelNames: ["limit"],
      registers,
      collect() {
        this.reset();
        for (const [limit, hits] of stats.limits) this.inc({ limit }, hits);
      },
    });
  }
}
