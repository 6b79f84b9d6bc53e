import type { ListenEndpoint } from "../contract/endpoint.ts";
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
}

/** @see Router.check */
export async function checkRouter(context: RouterContext): Promise<RouterCheck> {
  requireProviders(context);
  const problems: ConfigIssue[] = [];
  const warnings: ConfigIssue[] = [];
  const { transports, components, folder, settings } = context.config.now;
  const listens = async (endpoint: ListenEndpoint, at: ConfigIssue["path"]): Promise<void> => {
    for (const { path, message, isWarning } of await endpointProblems(endpoint, folder))
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
  await Promise.all(
    instancesOf(context.config.now).map(async (instance) => {
      const told = (path: ConfigIssue["path"], message: string): void =>
        void warnings.push(context.config.now.issueAt([...instance.at, ...path], message));
      const { surroundings } = context.config.now;
      await instance.probe({ ...surroundings, warn: told }).catch((error: unknown) => {
        told(error instanceof BlockError ? error.path : [], thrownText(error));
      });
    }),
  );
  return { problems, warnings };
}
