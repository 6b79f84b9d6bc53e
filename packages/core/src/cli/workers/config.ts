import type { ConfigSource } from "../../config/find.ts";
import { LINK_PACKAGES } from "../../config/known-packages.ts";
import { type LoadedConfig, loadConfig } from "../../config/load.ts";
import type { LoadedPlugin } from "../../contract/plugin.ts";
import type { NodeName, WorkerHub } from "../../contract/realm-link.ts";
import { ConfigError, type ConfigIssue } from "../../errors/config-error.ts";
import { NAMED } from "../../router/builtin.ts";
import { sharingOf } from "../../transports/net/sharing.ts";
import type { Endpoint } from "../../transports/net/settings.ts";
import { isDict } from "../../wamp/messages.ts";
import { SIDE, sideOfWorker } from "./side.ts";

/** The kind of cluster that workers are. */
const TYPE = "workers";

/**
 * A config as a worker has it: with the cluster, and with the components only in the first one, since most procedures are
 * registered once. Those that name their nodes are for these.
 * @param worker its name
 */
export function configOfWorker(raw: unknown, isFirst: boolean, worker: NodeName): unknown {
  if (!isDict(raw)) return raw;
  const { plugins = [], cluster = { type: TYPE }, components } = raw;
  const name = LINK_PACKAGES[TYPE];
  const isListed = !Array.isArray(plugins) || plugins.some((entry) => nameOf(entry) === name);
  return {
    ...raw,
    plugins: isListed || !isDict(cluster) || cluster["type"] !== TYPE ? plugins : [...(plugins as unknown[]), name],
    cluster,
    ...(raw["side"] === undefined ? {} : { side: sideOfWorker(raw, worker, process.env[SIDE]) }),
    ...(isFirst || !Array.isArray(components) ? {} : { components: components.filter(namesNodes) }),
  };
}

function namesNodes(component: unknown): boolean {
  return isDict(component) && component["nodes"] !== undefined;
}

/** Of a plugin that is named, named with its options, or given as an object. */
function nameOf(entry: unknown): unknown {
  const first: unknown = Array.isArray(entry) ? entry[0] : entry;
  return isDict(first) ? first["name"] : first;
}

/**
 * Checks a config for workers, as `wampgate start` would.
 * @param running the plugins of the running workers, if their config is read again
 * @throws ConfigError with all that is wrong
 */
export async function checkForWorkers(
  source: ConfigSource,
  cwd: string,
  running?: readonly LoadedPlugin[],
): Promise<{ readonly loaded: LoadedConfig; readonly hub: WorkerHub }> {
  const options = { cwd, ...NAMED, ...(running === undefined ? {} : { running }) };
  const loaded = await loadConfig({ ...source, raw: configOfWorker(source.raw, true, "") }, options);
  const hub = loaded.cluster?.link.hub?.();
  const issues = endpointIssues(loaded);
  if (hub === undefined)
    issues.push({
      path: ["cluster", "type"],
      message: `expected "${TYPE}" with --workers, found "${String(loaded.cluster?.link.type)}"; start without --workers, or remove cluster`,
    });
  if (issues.length > 0 || hub === undefined) throw new ConfigError(source.file, located(issues, source));
  return { loaded, hub };
}

function located(issues: readonly ConfigIssue[], { locate }: ConfigSource): ConfigIssue[] {
  return issues.map((issue) => {
    const line = locate?.(issue.path) ?? null;
    return line === null ? issue : { ...issue, line };
  });
}

/** What workers cannot share. */
function endpointIssues({ transports }: LoadedConfig): ConfigIssue[] {
  return transports.flatMap(({ transport, options }, i) => {
    const endpoint = sharingOf(transport, options)?.endpoint ?? transport.needs?.(options).endpoint;
    const message = endpoint === undefined ? null : whyNotShared(endpoint as Endpoint);
    return message === null ? [] : [{ path: ["transports", i, "endpoint"], message }];
  });
}

function whyNotShared(endpoint: Endpoint): string | null {
  if (endpoint.type === "tcp")
    return endpoint.port === 0 ? "workers cannot share port 0: give a port, or start without --workers" : null;
  const what = endpoint.type === "unix" ? "a Unix socket" : "an endpoint of type server";
  return `workers cannot share ${what}: take type tcp, or start without --workers`;
}
