import { createRouter, type MemoryConnectOptions, type Plugin, type Router, type WampgateConfig } from "@wampgate/core";
import { CapturedLog } from "./captured-log.ts";
import { FakeClient } from "./fake-client.ts";

/** A plugin, alone or with its options. */
export type PluginEntry = Plugin | readonly [Plugin, unknown];

export interface TestRouterOptions {
  readonly plugins: readonly PluginEntry[];
  /** The `auth` of its one transport. */
  readonly auth: unknown;
  /** Default: `realm1` with the role `user`, which may do everything. */
  readonly realms?: unknown;
  readonly components?: unknown;
  /** The link to other nodes; default: none. */
  readonly cluster?: unknown;
  /** In milliseconds; default: the config's. */
  readonly authTimeout?: number;
}

/** A router that runs, reached in memory, and what it logged. */
export interface TestRouter {
  readonly router: Router;
  readonly log: CapturedLog;
  readonly connect: (options?: MemoryConnectOptions) => FakeClient;
  readonly close: () => Promise<void>;
}

export const DEFAULT_REALMS = [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }];

/** Starts a router with these plugins behind a transport in memory. */
export async function startTestRouter(options: TestRouterOptions): Promise<TestRouter> {
  const { plugins, auth, realms = DEFAULT_REALMS, components, cluster, authTimeout } = options;
  const log = new CapturedLog();
  const config = {
    plugins,
    realms,
    transports: [{ type: "memory", auth, ...(authTimeout === undefined ? {} : { "auth-timeout": authTimeout }) }],
    ...(components === undefined ? {} : { components }),
    ...(cluster === undefined ? {} : { cluster }),
  };
  const router = await createRouter(config as unknown as WampgateConfig, { log });
  await router.start();
  const clients: FakeClient[] = [];
  return {
    router,
    log,
    connect(connectOptions) {
      const client = new FakeClient(router.connect(connectOptions));
      clients.push(client);
      return client;
    },
    // The clients hang up first, since none of them answers GOODBYE by itself.
    close() {
      for (const client of clients) client.close();
      return router.close();
    },
  };
}
