import type { BlockInstance } from "../contract/auth-settings.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { ListenEndpoint } from "../contract/endpoint.ts";
import { probed } from "../auth/block-instance.ts";
import { BlockError } from "../errors/block-error.ts";
import type { ConfigIssue } from "../errors/config-error.ts";
import { thrownText } from "../errors/thrown.ts";
import { componentProblem } from "../plugins/start-component.ts";
import { endpointProblems } from "../transports/net/check-endpoint.ts";
import { sharingOf } from "../transports/net/sharing.ts";
import { instancesOf } from "./blocks.ts";
import type { RouterContext } from "./context.ts";
import { requireProviders } from "./plugins.ts";

/** What a router's surroundings lack. */
export interface RouterCheck {
  /** What the start would fail at. */
  readonly problems: readonly ConfigIssue[];
  /** What it may fail at. */
  readonly warnings: readonly ConfigIssue[];
  /** What was asked, and has answered: each with its block, or `cluster`. */
  readonly answered: readonly ConfigIssue[];
}

/** How a router is checked. */
export interface CheckOptions {
  /**
   * Whether to try the servers, databases and stores that blocks of `auth` and `cluster` name: those that fail are problems. Also
   * host names of endpoints are looked up. Default: nothing leaves this machine.
   */
  readonly ask?: boolean;
}

/** @see Router.check */
export async function checkRouter(context: RouterContext, { ask = false }: CheckOptions = {}): Promise<RouterCheck> {
  requireProviders(context);
  const problems: ConfigIssue[] = [];
  const warnings: ConfigIssue[] = [];
  const { transports, components, folder, settings } = context.config.now;
  const listens = async (endpoint: ListenEndpoint, at: ConfigIssue["path"]): Promise<void> => {
    for (const { path, message, isWarning } of await endpointProblems(endpoint, folder, ask))
      (isWarning ? warnings : problems).push({ path: [...at, "endpoint", ...path], message });
  };
  if (settings.side !== undefined) await listens(settings.side.endpoint, ["side"]);
  for (const [i, { transport, options }] of transports.entries()) {
    const endpoint = sharingOf(transport, options)?.endpoint ?? transport.needs?.(options).endpoint;
    if (endpoint === undefined || endpoint.type === "server") continue;
    await listens(endpoint, ["transports", i]);
  }
  for (const [i, { module }] of components.entries()) {
    const problem = typeof module === "string" ? await componentProblem(module) : null;
    if (problem !== null) problems.push({ path: ["components", i, "module"], ...problem });
  }
  const asked = await Promise.all(ask ? probesOf(context.config.now).map((one) => tried(one, context)) : []);
  return {
    problems: [...problems, ...asked.flatMap(({ problem }) => problem ?? [])],
    warnings: [...warnings, ...asked.flatMap((one) => one.warnings)],
    answered: asked.flatMap(({ answer }) => answer ?? []),
  };
}

/** What in the config may name servers, databases and stores: it tries them. */
type Probe = Pick<BlockInstance, "at" | "probe">;

function probesOf(config: LoadedConfig): readonly Probe[] {
  const { cluster, folder } = config;
  const blocks: readonly Probe[] = instancesOf(config);
  if (cluster?.link.probe === undefined) return blocks;
  const { link, options } = cluster;
  return [...blocks, { at: ["cluster"], probe: () => probed((signal) => link.probe?.(options, { folder, signal })) }];
}

/** What came of asking: neither a problem nor an answer if there is nothing to ask. */
interface Asked {
  readonly problem: ConfigIssue | null;
  readonly answer: ConfigIssue | null;
  readonly warnings: readonly ConfigIssue[];
}

async function tried(probe: Probe, context: RouterContext): Promise<Asked> {
  const { now } = context.config;
  const at = (path: ConfigIssue["path"], message: string): ConfigIssue => now.issueAt([...probe.at, ...path], message);
  const warnings: ConfigIssue[] = [];
  const warn = (path: ConfigIssue["path"], message: string): void => void warnings.push(at(path, message));
  try {
    const answer = await probe.probe({ ...now.surroundings, warn });
    return { problem: null, answer: answer === null ? null : at([], answer), warnings };
  } catch (error) {
    const path = error instanceof BlockError ? error.path : [];
    return { problem: at(path, thrownText(error)), answer: null, warnings };
  }
}
