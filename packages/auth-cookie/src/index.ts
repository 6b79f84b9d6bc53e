import { createRequire } from "node:module";
import {
  accept,
  acceptAgain,
  type AuthMethod,
  credential,
  defineMethod,
  definePlugin,
  type NoOptions,
  type PastLogin,
  type PluginApi,
  unknown,
  z,
} from "@wampgate/core";
import { checkStore } from "@wampgate/store";
import { LoginStores } from "./login-stores.ts";
import type { Logins } from "./logins.ts";
import { block, type Settings } from "./settings.ts";
import { visited, visitsFor, visitsOf } from "./visit.ts";

const NAME = "@wampgate/auth-cookie";

/** A block, and what it has open while the router runs. */
interface Block {
  readonly settings: Settings;
  readonly logins: Logins | null;
}

/** What a later login rests on, as `find` gives it. */
const past = z.custom<PastLogin>((value) => typeof value === "object" && value !== null);

/** What the method has in one router. */
interface Own {
  readonly stores: LoginStores;
  /** The names of its cookies. */
  readonly names: Set<string>;
}

/** The method `cookie` of one router: a client that has logged in by another method is let in again. */
function cookie({ stores, names }: Own): AuthMethod {
  return defineMethod({
    name: "cookie",
    at: "hello",
    proof: "cookie",
    credential: past,
    strategyMayVerify: true,
    defaultType: "static",
    static: {
      schema: block,
      prepare: (settings: Settings): Block => ({ settings, logins: null }),
      async check({ settings: { store } }: Block, { warn, isClustered, spansMachines, ...files }) {
        await checkStore(store, files);
        const problem = isClustered ? unsharedProblem(store, spansMachines) : null;
        if (problem !== null) warn(["store"], problem);
      },
      probe: ({ settings: { store } }: Block, files) => stores.probe(store, files),
      async open({ settings }: Block, { log, at, ...files }) {
        names.add(settings.name);
        const { store: logins, giveBack } = await stores.take(settings.store, files, log.child({ block: at }));
        return { value: { settings, logins }, close: giveBack };
      },
      applies: (hello, { settings }: Block, place) =>
        visitsOf(hello.transport).get(settings.name)?.applies(hello, place) ?? false,
      find: ({ attempt }, { settings }: Block) => visitsOf(attempt.transport).get(settings.name)?.answer() ?? unknown(),
      assignments: () => [],
    },
    async challenge(attempt) {
      const found = await attempt.resolvePrincipal();
      if (found.verified) return accept();
      for (const visit of visitsOf(attempt.transport).values()) visit.accepted();
      return acceptAgain(found.credential, "cookie");
    },
    // A block has applied, but none knows the client now, as after a reload: core denies a login that accepts a decoy.
    decoy: () => credential({}),
  });
}

/** Why routers of a cluster do not share a store, in a sentence; null if they do. */
function unsharedProblem({ type }: Settings["store"], spansMachines: boolean): string | null {
  if (type === "memory")
    return "each router of a cluster remembers the logins of its own clients, and a client may come to another one: use a store of type file for routers of one machine, or of type module";
  if (type === "file" && spansMachines)
    return "routers on several machines do not share a file, and a client may come to another machine: use a store of type module, unless all routers of the cluster run on this one";
  return null;
}

/** By the plugin's options in a router. */
const ownOf = new WeakMap<object, Own>();

/** No keys: it is the same object for `methods` and `apply` of one router. */
const options = z.strictObject({});

declare module "@wampgate/core" {
  interface AuthMethods {
    cookie: { readonly type?: "static" } & z.input<typeof block>;
  }
  interface PluginOptions {
    "@wampgate/auth-cookie": NoOptions;
  }
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

export default definePlugin({
  name: NAME,
  core: "^0.2.0",
  version,
  options,
  methods(given) {
    const own: Own = { stores: new LoginStores(), names: new Set() };
    ownOf.set(given, own);
    return [cookie(own)];
  },
  apply({ hooks, shared }, given) {
    const own = ownOf.get(given);
    if (own === undefined) throw new Error("the method was not made for these options");
    own.stores.connect(shared);
    tapHooks(hooks, own.names);
  },
});

function tapHooks(hooks: PluginApi["hooks"], names: ReadonlySet<string>): void {
  hooks.upgrade.tapPromise(NAME, async (request) => {
    const visits = visitsFor(request);
    await request.ask("cookie", async (open) => {
      const { settings, logins } = open as Block;
      if (logins !== null) await visited(request, settings, logins, visits);
    });
    // Browsers send a cookie to all ports of a host: also to transports that do not offer the method.
    for (const name of names) request.takeCookie(name);
    return undefined;
  });
  hooks.joined.tap(NAME, (info, login) => {
    if (login === null) return;
    const visits = [...visitsOf(info.transport).values()];
    const own = visits.filter(({ isIn }) => isIn);
    for (const visit of own.length > 0 ? own : visits) visit.joined(info, login);
  });
  hooks.renewed.tap(NAME, (info) => {
    for (const { logins } of visitsOf(info.transport).values()) logins.renewed(info);
  });
  hooks.left.tap(NAME, (info, end) => {
    for (const { logins } of visitsOf(info.transport).values()) logins.left(info, end);
  });
}
