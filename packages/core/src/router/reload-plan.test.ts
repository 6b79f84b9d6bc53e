import { z } from "zod";
import { entrySettings } from "../config/core-schema.ts";
import type { LoadedTransport } from "../config/check-transports.ts";
import type { LoadedConfig } from "../config/load.ts";
import { memory } from "../transports/memory/memory.ts";
import { rawsocket } from "../transports/rawsocket/rawsocket.ts";
import { websocket } from "../transports/websocket/websocket.ts";
import { planReload } from "./reload-plan.ts";
import { routerSettings } from "./settings.ts";

const TRANSPORTS = { websocket, rawsocket, memory };

const settings = (authTimeout: number) => entrySettings.parse({ "auth-timeout": authTimeout });

function entry(type: keyof typeof TRANSPORTS, options: object): LoadedTransport {
  return { type, transport: TRANSPORTS[type], options, auth: new Map(), settings: settings(1) };
}

const timeouts = ({ transports }: LoadedConfig): number[] => transports.map(({ settings: now }) => now["auth-timeout"]);

function config(transports: LoadedTransport[], rest: Partial<LoadedConfig> = {}): LoadedConfig {
  return {
    file: "config",
    folder: "/",
    realms: [],
    transports,
    components: [],
    settings: routerSettings.parse({}),
    plugins: [],
    called: [],
    warnings: [],
    ...rest,
  };
}

const tcp = (port: number, tls?: object): object => ({ type: "tcp", host: "127.0.0.1", port, ...(tls && { tls }) });
const ws = (port: number, path: string, rest: object = {}) =>
  entry("websocket", { endpoint: tcp(port), path, ...rest });

it("an entry is found again by its type, endpoint and path, at any position", () => {
  const current = config([ws(1, "/a"), ws(1, "/b"), entry("rawsocket", { endpoint: tcp(2) })]);
  const auth = new Map();
  const next = config([
    { ...entry("rawsocket", { endpoint: tcp(2) }), settings: settings(3) },
    { ...ws(1, "/b"), auth },
    { ...ws(1, "/a"), settings: settings(2) },
  ]);
  const { config: planned, restart } = planReload(current, next);
  expect(restart).toEqual([]);
  expect(timeouts(planned)).toEqual([2, 1, 3]);
  expect(planned.transports[1]?.auth).toBe(auth);
});

it("entries with the same identity keep their order", () => {
  const current = config([ws(0, "/ws"), ws(0, "/ws")]);
  const next = config([
    { ...ws(0, "/ws"), settings: settings(2) },
    { ...ws(0, "/ws"), settings: settings(3) },
  ]);
  expect(timeouts(planReload(current, next).config)).toEqual([2, 3]);
});

it("keys that a transport reads for each connection take effect, and the others are named", () => {
  const current = config([ws(1, "/ws", { "max-buffered": 1, serializers: ["json"], "ping-interval": 5 })]);
  const next = config([ws(1, "/ws", { "max-buffered": 2, serializers: ["cbor"], "max-message-size": 7 })]);
  const { config: planned, restart } = planReload(current, next);
  expect(planned.transports[0]?.options).toMatchObject({
    "max-buffered": 2,
    serializers: ["json"],
    "ping-interval": 5,
  });
  expect(restart).toEqual(
    ["serializers", "ping-interval", "max-message-size"].map(
      (key) => `transports[0].${key} has changed; it stays as it was until a restart`,
    ),
  );
});

it("new or removed entries, other TLS settings, plugins and components wait for a restart", () => {
  const plugin = { name: "one", core: "*" } as never;
  const component = { module: "file:///a", realm: "r", role: "u", authid: "a", config: undefined, timeout: 1 };
  const current = config([ws(1, "/ws"), entry("rawsocket", { endpoint: tcp(2) }), ws(5, "/ws")], {
    called: [{ uri: "com.old", realm: null, realmKey: "" }],
    plugins: [{ plugin, options: { a: 1 } }],
    components: [component],
  });
  const next = config([ws(4, "/ws"), entry("rawsocket", { endpoint: tcp(2, { key: "k" }) }), ws(5, "/ws")], {
    called: [{ uri: "com.new", realm: null, realmKey: "" }],
    plugins: [{ plugin, options: { a: 2 } }],
    components: [{ ...component, role: "other" }],
    settings: routerSettings.parse({ "shutdown-timeout": 2, log: { level: "info", buffer: 5000 } }),
  });
  const { config: planned, restart } = planReload(current, next);
  expect(restart).toEqual([
    "transports[0] is gone from the config; it goes on with its old settings until a restart",
    "transports[1].endpoint has changed; it stays as it was until a restart",
    "transports[0] is new, or listens elsewhere; it does not listen until a restart",
    "plugins has changed; the plugins stay as they are until a restart",
    "components has changed; the components stay as they are until a restart",
  ]);
  expect(planned.transports[0]).toBe(current.transports[0]);
  // The old transport goes on calling its old authenticator, which must stay guarded.
  expect(planned.called.map(({ uri }) => uri)).toEqual(["com.new", "com.old"]);
  expect(planned.plugins).toBe(current.plugins);
  expect(planned.components).toBe(current.components);
  expect(planned.settings).toMatchObject({ "shutdown-timeout": 2, log: { level: "info", buffer: 5000 } });
});

it("a plugin's transport says by its schema which keys a reload changes", () => {
  const schema = z.object({ path: z.string(), rate: z.int().meta({ live: true }), size: z.int() });
  const transport = { type: "own", schema, identity: ({ path }: { path: string }) => path } as never;
  const own = (rate: number, size: number) => ({
    type: "own",
    transport,
    options: { path: "/", rate, size },
    auth: new Map(),
    settings: settings(1),
  });
  const { config: planned, restart } = planReload(config([own(1, 1)]), config([own(2, 2)]));
  expect(planned.transports[0]?.options).toEqual({ path: "/", rate: 2, size: 1 });
  expect(restart).toEqual(["transports[0].size has changed; it stays as it was until a restart"]);
});

it("the entries of a transport without identity are compared as a whole", () => {
  const transport = { type: "own", schema: z.unknown(), start: () => Promise.reject(new Error()) } as never;
  const own = (options: unknown, authTimeout: number) => ({
    type: "own",
    transport,
    options,
    auth: new Map(),
    settings: settings(authTimeout),
  });
  const { config: planned, restart } = planReload(
    config([own({ a: 1 }, 1), own("text", 1)]),
    config([own({ a: 2 }, 2), own("text", 2)]),
  );
  expect(timeouts(planned)).toEqual([1, 2]);
  expect(restart).toHaveLength(2);
});
