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

const place = () => ({ path: "", file: "config", line: null });

function entry(type: keyof typeof TRANSPORTS, options: object): LoadedTransport {
  const [auth, places] = [new Map(), { place, authPlace: place }];
  return { type, transport: TRANSPORTS[type], options, auth, settings: settings(1), index: 0, ...places };
}

function config(transports: LoadedTransport[], rest: Partial<LoadedConfig> = {}): LoadedConfig {
  return {
    file: "config",
    folder: "/",
    realms: [],
    transports,
    components: [],
    cluster: null,
    settings: routerSettings.parse({}),
    plugins: [],
    called: [],
    warnings: [],
    placeOf: () => place,
    surroundings: { resolve: (path) => path, resolveModule: (name) => name, isClustered: false, spansMachines: false },
    issueAt: (path, message) => ({ path, message }),
    ...rest,
  };
}

const tcp = (port: number, tls?: object): object => ({ type: "tcp", host: "127.0.0.1", port, ...(tls && { tls }) });
const ws = (port: number, path: string, rest: object = {}) =>
  entry("websocket", { endpoint: tcp(port), path, ...rest });

/** The plan, where the open entries are those of `current`; and the new settings of each entry that stays, or null. */
function planned(current: LoadedConfig, next: LoadedConfig) {
  const plan = planReload(current, next, current.transports);
  return { ...plan, kept: current.transports.map((entry) => plan.kept.get(entry) ?? null) };
}

it("an entry is found again by its type and all that a reload does not change, at any position", () => {
  const current = config([ws(1, "/a"), ws(1, "/b"), entry("rawsocket", { endpoint: tcp(2) })]);
  const next = config([
    { ...entry("rawsocket", { endpoint: tcp(2) }), settings: settings(3) },
    { ...ws(1, "/b"), auth: new Map() },
    { ...ws(1, "/a"), settings: settings(2) },
  ]);
  const { config: after, kept, restart } = planned(current, next);
  expect(restart).toEqual([]);
  expect(kept).toEqual([next.transports[2], next.transports[1], next.transports[0]]);
  expect(after.transports).toBe(next.transports);
});

it("entries that do not differ keep their order", () => {
  const current = config([ws(0, "/ws"), ws(0, "/ws")]);
  const next = config([
    { ...ws(0, "/ws"), settings: settings(2) },
    { ...ws(0, "/ws"), settings: settings(3) },
  ]);
  expect(planned(current, next).kept).toEqual(next.transports);
});

it("an entry stays if only keys have changed that a transport reads for each connection", () => {
  const current = config([ws(1, "/ws", { "max-buffered": 1, serializers: ["json"], "ping-interval": 5 })]);
  const same = config([ws(1, "/ws", { "max-buffered": 2, serializers: ["json"], "max-message-size": 7 })]);
  expect(planned(current, same).kept).toEqual(same.transports);
});

it.each([
  ["endpoint", ws(2, "/ws")],
  ["tls", entry("websocket", { endpoint: tcp(1, { key: "k" }), path: "/ws" })],
  ["path", ws(1, "/other")],
  ["serializers", ws(1, "/ws", { serializers: ["cbor"] })],
  ["type", entry("rawsocket", { endpoint: tcp(1), path: "/ws" })],
])("an entry with another %s is another entry", (_key, changed) => {
  expect(planned(config([ws(1, "/ws")]), config([changed])).kept).toEqual([null]);
});

it("other plugins and components wait for a restart", () => {
  const plugin = { name: "one", core: "*" } as never;
  const component = { module: "file:///a", realm: "r", role: "u", authid: "a", config: undefined, timeout: 1 };
  const current = config([], {
    called: [{ uri: "com.old", realm: null, realmKey: "", what: "authenticator" }],
    plugins: [{ plugin, options: { a: 1 } }],
    components: [component],
  });
  const next = config([], {
    called: [{ uri: "com.new", realm: null, realmKey: "", what: "authenticator" }],
    plugins: [{ plugin, options: { a: 2 } }],
    components: [{ ...component, role: "other" }],
    settings: routerSettings.parse({ "shutdown-timeout": 2, log: { level: "info", buffer: 5000 } }),
  });
  const { config: after, restart } = planned(current, next);
  expect(restart).toEqual([
    "plugins has changed; the plugins stay as they are until a restart",
    "components has changed; the components stay as they are until a restart",
  ]);
  expect(after.called.map(({ uri }) => uri)).toEqual(["com.new"]);
  expect(after.plugins).toBe(current.plugins);
  expect(after.components).toBe(current.components);
  expect(after.settings).toEqual(next.settings);
});

it("a plugin's transport says by its schema which keys a reload changes", () => {
  const schema = z.object({ path: z.string(), rate: z.int().meta({ live: true }), size: z.int() });
  const transport = { type: "own", schema } as never;
  const own = (rate: number, size: number) => config([{ ...ownEntry, transport, options: { path: "/", rate, size } }]);
  expect(planned(own(1, 1), own(2, 1)).kept).not.toContain(null);
  expect(planned(own(1, 1), own(1, 2)).kept).toEqual([null]);
});

it("options that are no mapping are compared as a whole", () => {
  const transport = { type: "own", schema: z.unknown() } as never;
  const own = (options: unknown) => config([{ ...ownEntry, transport, options }]);
  expect(planned(own("text"), own("text")).kept).not.toContain(null);
  expect(planned(own("text"), own("other")).kept).toEqual([null]);
});

const ownEntry = { type: "own", auth: new Map(), settings: settings(1), index: 0, place, authPlace: place };
