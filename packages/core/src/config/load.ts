import { resolve } from "node:path";
import type { z } from "zod";
import type { Transport } from "../contract/transport.ts";
import { ConfigError, type ConfigIssue } from "../errors/config-error.ts";
import type { CalledProcedure } from "../contract/strategy.ts";
import type { LoadedPlugin } from "../contract/plugin.ts";
import type { RealmSettings } from "../realm/settings.ts";
import { componentSchema } from "../plugins/settings.ts";
import { type RouterSettings, routerSettings } from "../router/settings.ts";
import { resolveModule } from "../plugins/resolve.ts";
import type { Component } from "../plugins/start-component.ts";
import { isDict, kindOf } from "../wamp/messages.ts";
import { type AuthContext, isExcused } from "./check-auth.ts";
import { type DecidingProcedure, warnOfRights } from "./check-rights.ts";
import { checkPlugins } from "./check-plugins.ts";
import { checkListening, warnOfMethods } from "./check-listening.ts";
import { checkCluster, type LoadedCluster, spansMachines } from "./check-cluster.ts";
import { checkRealms } from "./check-realms.ts";
import { checkTransports, type LoadedTransport } from "./check-transports.ts";
import { rootSchema } from "./core-schema.ts";
import { tellOfCrossbar } from "./crossbar.ts";
import { expandEnvironment } from "./environment.ts";
import type { ConfigSource } from "./find.ts";
import { type Check, checkBySchema, Issues, type Path } from "./issues.ts";
import { type PlaceOf, placesOf } from "./refs.ts";
import { shownIssues } from "./shown.ts";
import { didYouMean } from "./suggest.ts";
import { warnOfRules } from "./warn-of-rules.ts";

export interface LoadedComponent {
  /** The URL of its module, or the component itself. */
  readonly module: string | Component;
  readonly realm: string;
  readonly role: string;
  readonly authid: string;
  readonly config: unknown;
  /** The nodes that run it; undefined: all. */
  readonly nodes?: readonly string[] | undefined;
  readonly timeout: number;
}

/** A config that has been checked completely, with all that it names. */
export interface LoadedConfig {
  readonly file: string;
  /** Paths of files in the config are relative to this folder. */
  readonly folder: string;
  readonly realms: readonly RealmSettings[];
  readonly transports: readonly LoadedTransport[];
  readonly components: readonly LoadedComponent[];
  /** Null: this router stands alone. */
  readonly cluster: LoadedCluster | null;
  /** The router's own settings, from the top level. */
  readonly settings: RouterSettings;
  readonly plugins: readonly { readonly plugin: LoadedPlugin; readonly options: unknown }[];
  /** The procedures that decide logins and actions. No broad rule allows their registration. */
  readonly called: readonly (CalledProcedure & Pick<DecidingProcedure, "what">)[];
  /** What is legal, but probably a mistake. */
  readonly warnings: readonly ConfigIssue[];
  readonly placeOf: PlaceOf;
  /** What strategies may ask about files and modules. */
  readonly surroundings: AuthContext["surroundings"];
  /** A problem that was found after the config was checked, with its line, and without what may be a secret. */
  readonly issueAt: (path: Path, message: string, cause?: unknown) => ConfigIssue;
}

export interface LoadOptions {
  readonly cwd: string;
  /** The transports that core has without plugins. */
  readonly transports: readonly Transport[];
  /** The names of the serializers that core has without plugins. */
  readonly serializers: readonly string[];
  /** The names that endpoints of type `server` may have: the HTTP servers that the program gives. */
  readonly servers?: ReadonlySet<string>;
  /** The plugins of the running router, if its config is read again: no others can be added. */
  readonly running?: readonly LoadedPlugin[];
}

/**
 * Checks a config: first what core needs to load the plugins, then all of it with them.
 * @throws ConfigError with all problems
 */
export async function loadConfig(
  source: ConfigSource,
  { cwd, transports, serializers, servers = new Set(), running }: LoadOptions,
): Promise<LoadedConfig> {
  const issues = new Issues(source.locate);
  const {
    value: raw,
    fromEnvironment,
    sourceOf,
    hide,
  } = expandEnvironment(source.raw, { environment: process.env, folder: source.folder }, issues);
  if (!isDict(raw)) {
    if (issues.found.length === 0) issues.add([], `expected a dictionary, found ${kindOf(raw)}`);
    throw new ConfigError(source.file, shownIssues(issues.found, raw, hide));
  }
  if (!tellOfCrossbar(raw, issues)) throw new ConfigError(source.file, shownIssues(issues.found, raw, hide));
  const check: Check = { issues, fromEnvironment };
  const from = { folder: source.folder, cwd };
  for (const key of Object.keys(raw)) {
    if (!Object.hasOwn(rootSchema.shape, key))
      issues.addUnknownKey([], key, raw, didYouMean(key, Object.keys(rootSchema.shape)));
  }

  const { plugins, usable, notLoaded } = await checkPlugins(raw["plugins"] ?? [], from, check, running);
  const links = usable.flatMap(({ plugin: { name: plugin, links = [] } }) => links.map((link) => ({ plugin, link })));
  const surroundings = {
    resolve: (path: string) => resolve(source.folder, path),
    resolveModule: (name: string) => resolveModule(name, from),
    isClustered: raw["cluster"] !== undefined,
    spansMachines: spansMachines(raw["cluster"], links),
  };
  const warnings = new Issues(source.locate);
  const placeOf = placesOf(source.file, source.locate, sourceOf);
  const realms = await checkRealms(raw["realms"], check);
  const context: AuthContext = {
    ...check,
    realms,
    notLoaded,
    warnings,
    placeOf,
    called: [...realms.called],
    surroundings,
    methods: new Map(
      usable.flatMap(({ plugin: { name: plugin, methods } }) =>
        methods.map((method) => [method.name, { method, plugin }] as const),
      ),
    ),
    strategies: new Map(
      usable.flatMap(({ plugin: { name: plugin, strategies } }) =>
        strategies.map((strategy) => [strategy.type, { strategy, plugin }] as const),
      ),
    ),
  };
  const settings = await checkBySchema(routerSettings, raw, [], check);
  const known = [...transports, ...usable.flatMap(({ plugin }) => plugin.transports ?? [])];
  const entries = await checkTransports(raw["transports"], known, context);
  const named = [...serializers, ...usable.flatMap(({ plugin }) => plugin.serializers ?? []).map(({ name }) => name)];
  if (!isExcused(undefined, context)) {
    const listening = entries.map(({ entry: { transport, options }, at }) => ({ transport, options, at }));
    const side = (settings?.value as RouterSettings | undefined)?.side;
    const own = { transport: { needs: () => ({ endpoint: side?.endpoint }) }, options: side, at: ["side"] };
    checkListening(side === undefined ? listening : [...listening, own], { serializers: named, servers }, issues);
  }
  const cluster = await checkCluster(raw["cluster"], links, context);
  const components = await checkComponents(raw["components"] ?? [], from, context);
  if (raw["cluster"] === undefined)
    for (const [i, { nodes }] of components.entries())
      if (nodes !== undefined)
        issues.add(
          ["components", i, "nodes"],
          "there is no cluster in the config: remove nodes, or start with --workers",
        );
  warnOfRules(realms.settings, context.called, warnings);
  if (issues.found.length === 0) {
    warnOfMethods(
      entries.map(({ entry: { transport, options, auth }, at }) => ({ transport, options, auth, at })),
      { issues, warnings },
    );
    const places = components.map(({ realm, role }, i) => ({ realm, role, at: ["components", i] }));
    warnOfRights({ realms: realms.settings, called: context.called, components: places }, warnings);
  }

  if (issues.found.length > 0)
    // A new plugin may be the reason for the other problems.
    for (const { plugin, index } of plugins.filter((entry) => !usable.includes(entry)))
      issues.add(["plugins", index], `the plugin "${plugin.name}" was not loaded at the start; a restart loads it`);
  if (issues.found.length > 0) throw new ConfigError(source.file, shownIssues(issues.found, raw, hide));
  return {
    file: source.file,
    folder: source.folder,
    realms: realms.settings,
    transports: entries.map(({ entry }) => entry),
    components,
    cluster,
    settings: settings?.value as RouterSettings,
    plugins,
    called: context.called.map(({ uri, realm, realmKey, what }) => ({ uri, realm, realmKey, what })),
    warnings: shownIssues(warnings.found, raw, hide),
    placeOf,
    surroundings,
    issueAt(path, message, cause) {
      const line = source.locate?.(path) ?? null;
      const issue = { path, message, ...(line === null ? {} : { line }), ...(cause === undefined ? {} : { cause }) };
      return shownIssues([issue], raw, hide)[0] ?? issue;
    },
  };
}

async function checkComponents(
  raw: unknown,
  from: { folder: string; cwd: string },
  { realms, ...check }: AuthContext,
): Promise<LoadedComponent[]> {
  if (!Array.isArray(raw)) {
    check.issues.add(["components"], `expected a list, found ${kindOf(raw)}`);
    return [];
  }
  const loaded: LoadedComponent[] = [];
  for (const [i, entry] of (raw as unknown[]).entries()) {
    const at = ["components", i];
    const checked = await checkBySchema(componentSchema, entry, at, check);
    if (checked === null) continue;
    const { module, config, ...rest } = checked.value as z.output<typeof componentSchema>;
    realms.requireRealm(rest.realm, [...at, "realm"]);
    realms.requireRole(rest.realm, rest.role, [...at, "role"]);
    loaded.push({ ...rest, config, module: typeof module === "string" ? resolved(module, from, at, check) : module });
  }
  return loaded;
}

function resolved(module: string, from: { folder: string; cwd: string }, at: Path, { issues }: Check): string {
  try {
    return resolveModule(module, from);
  } catch (error) {
    issues.add([...at, "module"], (error as Error).message);
    return module;
  }
}
