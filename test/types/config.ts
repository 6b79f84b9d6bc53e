// Compiled, never run: which mistakes in a config are errors, and what they say. test/types.test.ts compares the messages.
import anonymous from "@wampgate/auth-anonymous";
import dynamic from "@wampgate/auth-dynamic";
import functions from "@wampgate/auth-function";
import http from "@wampgate/auth-http";
import jwt from "@wampgate/auth-jwt";
import sql from "@wampgate/auth-sql";
import ticket from "@wampgate/auth-ticket";
import scram from "@wampgate/auth-scram";
import cryptosign from "@wampgate/auth-cryptosign";
import cookie from "@wampgate/auth-cookie";
import tls from "@wampgate/auth-tls";
import totp from "@wampgate/auth-totp";
import wampcra from "@wampgate/auth-wampcra";
import metrics from "@wampgate/metrics";
import {
  type AnyBlock,
  type AuthConfig,
  createRouter,
  defineConfig,
  definePlugin,
  type Plugin,
  type RealmConfig,
  type Router,
  type TransportConfig,
  type WampgateConfig,
} from "@wampgate/core";

declare module "@wampgate/core" {
  interface AuthMethods {
    easy: { readonly type?: "static"; readonly word: string };
    unchecked: AnyBlock;
    "strategies-only": never;
  }
  interface Strategies {
    book: { page: string; lines?: string[] };
  }
  interface Transports {
    pigeon: { loft: string };
  }
  interface PluginOptions {
    "wampgate-own": { readonly words: readonly string[]; readonly depth?: number };
  }
}

const plugins = [anonymous, ticket, wampcra, cryptosign, scram, dynamic, functions, jwt, http, sql, totp, tls, cookie];
const realms: RealmConfig[] = [{ name: "realm1", roles: [{ name: "user" }] }];
const endpoint = { type: "tcp", port: 8080 } as const;
const SCRAM = { iterations: 1, memory: 8, salt: "", "stored-key": "", "server-key": "" };

const transport = (config: TransportConfig): unknown => config;
const realm = (config: RealmConfig): unknown => config;
const auth = (config: AuthConfig): unknown => config;

export const aWholeConfig = defineConfig({
  $schema: "./schema.json",
  plugins: ["./own.js", ["@wampgate/metrics", { port: 9464 }], anonymous, [ticket, {}]],
  realms: [
    {
      name: "realm1",
      roles: [
        {
          name: "user",
          "allow-by-default": false,
          permissions: [{ uri: "com.", match: "prefix", allow: { call: true }, disclose: { caller: true } }],
        },
      ],
      options: { "uri-check": "strict", "event-history": [{ uri: "com.example.topic", limit: 5 }] },
    },
  ],
  transports: [
    {
      type: "websocket",
      endpoint: { type: "tcp", port: 8080, tls: { key: "key.pem", certificate: "cert.pem" } },
      path: "/ws",
      compression: { level: 3 },
      "max-connections": 5,
      auth: {
        anonymous: { type: "static", role: "user", extra: { any: [1] } },
        ticket: [
          { type: "dynamic", authenticator: "com.example.authenticate", "default-role": "user", then: "totp" },
          { type: "static", principals: { joe: { ticket: "s", role: "user", then: "totp" } }, "default-role": "user" },
        ],
        totp: { type: "static", alone: false, principals: { joe: { seed: "CACKN3GRF3KQZMEK" } }, digits: 6 },
        cookie: [
          { "max-age": 60, "same-site": "Strict", store: { type: "file", filename: "cookies.sqlite" } },
          { type: "jwt", from: "cookie:a", issuer: "a", audience: "b", keys: { secret: "s" }, algorithms: ["HS256"] },
        ],
        wampcra: { type: "book", page: "first" },
      },
    },
    { type: "rawsocket", endpoint: { type: "unix", path: "./socket" }, auth: { anonymous: { type: "static" } } },
    { type: "memory", name: "one", auth: { easy: { word: "please" }, unchecked: { type: "static", what: "ever" } } },
    { type: "pigeon", loft: "roof", "max-connections": 1, auth: { "strategies-only": { type: "book", page: "a" } } },
  ],
  components: [{ module: () => undefined, realm: "realm1", role: "user", config: { any: "thing" } }],
  log: { level: "debug" },
});

const constant = {
  plugins,
  realms: [{ name: "realm1", roles: [{ name: "user", permissions: [{ uri: "*", allow: { call: true } }] }] }],
  transports: [
    {
      type: "websocket",
      endpoint,
      serializers: ["json"],
      auth: { ticket: [{ type: "static", principals: { joe: { ticket: "secret" } } }] },
    },
  ],
} as const satisfies WampgateConfig;

export function aReadonlyConfigIsTakenByAll(router: Router): unknown {
  return [defineConfig(constant), createRouter(constant), router.reload(constant)];
}

// The root, a realm, a role, a rule.
// @ts-expect-error 'transport' does not exist in type 'WampgateConfig<…>'. Did you mean to write 'transports'?
defineConfig({ plugins, realms, transport: [] });
// @ts-expect-error 'optoins' does not exist in type 'RealmConfig'. Did you mean to write 'options'?
realm({ name: "realm1", roles: [], optoins: {} });
// @ts-expect-error '"uri-chek"' does not exist in type '{ … "disclose-me"?: "allow" | …
realm({ name: "realm1", roles: [], options: { "uri-chek": "strict" } });
// @ts-expect-error 'permission' does not exist in type 'RoleConfig'. Did you mean to write 'permissions'?
realm({ name: "realm1", roles: [{ name: "user", permission: [] }] });
// @ts-expect-error 'macth' … Did you mean to write 'match'?
realm({ name: "realm1", roles: [{ name: "user", permissions: [{ uri: "a.b", macth: "exact" }] }] });
// @ts-expect-error 'calll' … Did you mean to write 'call'?
realm({ name: "realm1", roles: [{ name: "user", permissions: [{ uri: "a.b", allow: { calll: true } }] }] });

// The options of plugins, by name or as `definePlugin` made them. Of a plugin that does not declare any they may be anything.
const transports: TransportConfig[] = [{ type: "memory", auth: { anonymous: { type: "static" } } }];
const own = definePlugin({ name: "wampgate-own", core: "*" });
const undeclared = definePlugin({ name: "wampgate-undeclared", core: "*" });
const listed: Plugin[] = [...plugins, own];

export const optionsThatAreRight = [
  defineConfig({ plugins: listed, realms, transports }),
  defineConfig({
    plugins: [anonymous, "./own.js", ["@wampgate/metrics", { port: 9464 }], [ticket, {}]],
    realms,
    transports,
  }),
  defineConfig({
    plugins: [
      [metrics, { path: "/m" }],
      ["wampgate-undeclared", { any: 1 }],
      [undeclared, { any: 1 }],
      [own, { words: ["a"] }],
    ],
    realms,
    transports,
  }),
  { plugins: [[own, { words: ["a"] }]], realms, transports } satisfies WampgateConfig,
];
// @ts-expect-error 'prot' does not exist in type '{ … port?: number | undefined; …
defineConfig({ plugins: [["@wampgate/metrics", { prot: 9464 }]], realms, transports });
// @ts-expect-error 'prot' does not exist in type '{ … port?: number | undefined; …
defineConfig({ plugins: [anonymous, [metrics, { path: "/m", prot: 9464 }]], realms, transports });
// @ts-expect-error Type 'string' is not assignable to type 'number'
defineConfig({ plugins: [["@wampgate/metrics", { port: "9464" }]], realms, transports });
// @ts-expect-error Type 'string' is not assignable to type 'never'
defineConfig({ plugins: [["@wampgate/auth-ticket", { type: "static" }]], realms, transports });
// @ts-expect-error Type 'string' is not assignable to type 'never'
defineConfig({ plugins: [[ticket, { type: "static" }]], realms, transports });
// @ts-expect-error '"channel-bindin"' does not exist in type
defineConfig({ plugins: [[scram, { "channel-bindin": "off" }]], realms, transports });
// @ts-expect-error Type '"of"' is not assignable to type
defineConfig({ plugins: [["@wampgate/auth-cryptosign", { "channel-binding": "of" }]], realms, transports });
// @ts-expect-error 'dept' does not exist in type … Did you mean to write 'depth'?
defineConfig({ plugins: [["wampgate-own", { words: [], dept: 1 }]], realms, transports });
// @ts-expect-error Property 'words' is missing in type
defineConfig({ plugins: [[own, { depth: 1 }]], realms, transports });
// @ts-expect-error Type 'number' is not assignable to type 'string | Plugin | …
defineConfig({ plugins: [anonymous, 5], realms, transports });

// A transport, its endpoint, its tls.
// @ts-expect-error Type '"websockt"' is not assignable to type … Did you mean '"websocket"'?
transport({ type: "websockt", endpoint, auth: {} });
// @ts-expect-error Property 'auth' is missing
transport({ type: "websocket", endpoint });
// @ts-expect-error 'paht' does not exist in type 'TransportEntry<"websocket">'
transport({ type: "websocket", endpoint, paht: "/ws", auth: {} });
// @ts-expect-error 'path' does not exist in type 'TransportEntry<"rawsocket">'
transport({ type: "rawsocket", endpoint, path: "/ws", auth: {} });
// @ts-expect-error '"max-conections"' does not exist in type 'TransportEntry<"websocket">'
transport({ type: "websocket", endpoint, "max-conections": 5, auth: {} });
// @ts-expect-error 'prot' does not exist in type '{ readonly type: "tcp"; readonly port: number; …
transport({ type: "websocket", endpoint: { type: "tcp", prot: 8080 }, auth: {} });
// @ts-expect-error 'certificat' … Did you mean to write 'certificate'?
transport({ type: "websocket", endpoint: { type: "tcp", port: 1, tls: { key: "a", certificat: "b" } }, auth: {} });
// @ts-expect-error 'lvel' … Did you mean to write 'level'?
transport({ type: "websocket", endpoint, compression: { lvel: 1 }, auth: {} });
// @ts-expect-error 'lofd' does not exist in type 'TransportEntry<"pigeon">'
transport({ type: "pigeon", loft: "roof", lofd: "roof", auth: {} });

// Methods, their blocks, and the credentials in them.
// @ts-expect-error 'anonymos' does not exist in type 'AuthConfig'. Did you mean to write 'anonymous'?
auth({ anonymos: { type: "static" } });
// @ts-expect-error 'rol' does not exist in type 'StaticBlock<"anonymous">
auth({ anonymous: { type: "static", rol: "user" } });
// @ts-expect-error '"default-rol"' does not exist in type 'StaticBlock<"anonymous">
auth({ anonymous: { type: "static", "default-rol": "user" } });
// @ts-expect-error Type '{ principals: {}; }' is not assignable to type 'AuthBlock<"ticket">
auth({ ticket: { principals: {} } });
// @ts-expect-error 'tpye' does not exist in type 'AuthBlock<"ticket">
auth({ ticket: { tpye: "static", principals: {} } });
// @ts-expect-error Type '"dynamik"' is not assignable to type … Did you mean '"dynamic"'?
auth({ ticket: { type: "dynamik", authenticator: "com.example.authenticate" } });
// @ts-expect-error 'principles' does not exist in type 'StaticBlock<"ticket">
auth({ ticket: { type: "static", principles: {} } });
// @ts-expect-error 'tickt' … Did you mean to write 'ticket'?
auth({ ticket: { type: "static", principals: { joe: { tickt: "secret" } } } });
// @ts-expect-error 'iteratoins' … Did you mean to write 'iterations'?
auth({ wampcra: { type: "static", users: { joe: { secret: "a", salt: "b", iteratoins: 1000, keylen: 32 } } } });
auth({ cryptosign: { type: "static", principals: { joe: { authorized_keys: ["ab"], role: "user" } } } });
// @ts-expect-error 'authorized_key' … Did you mean to write 'authorized_keys'?
auth({ cryptosign: { type: "static", principals: { joe: { authorized_key: ["ab"], role: "user" } } } });
auth({ tls: { type: "static", "authid-from": "subject.cn", principals: { joe: { subject: { cn: "joe" } } } } });
// @ts-expect-error 'subjct' … Did you mean to write 'subject'?
auth({ tls: { type: "static", principals: { joe: { subjct: { cn: "joe" } } } } });
// @ts-expect-error 'memroy' … Did you mean to write 'memory'?
auth({ scram: { type: "static", principals: { joe: { ...SCRAM, kdf: "pbkdf2", memroy: 8 } } } });
// @ts-expect-error 'users' does not exist in type 'StaticBlock<"wamp-scram">
auth({ "wamp-scram": { type: "static", users: {} } });
// @ts-expect-error 'authenticater' does not exist in type 'StrategyBlock<"dynamic">
auth({ ticket: { type: "dynamic", authenticater: "com.example.authenticate" } });
// @ts-expect-error 'tmeout' does not exist in type 'StrategyBlock<"dynamic">'. Did you mean to write 'timeout'?
auth({ ticket: [{ type: "dynamic", authenticator: "com.example.authenticate", tmeout: 5 }] });
// @ts-expect-error '"lax"' is not assignable to type
auth({ cookie: { "same-site": "lax" } });
// @ts-expect-error 'alnoe' does not exist in type 'StaticBlock<"totp">
auth({ totp: { type: "static", principals: {}, alnoe: false } });
// @ts-expect-error Type 'number' is not assignable to type 'string'
auth({ ticket: { type: "static", principals: {}, then: 2 } });
// @ts-expect-error 'qwery' does not exist in type 'StrategyBlock<"sql">
auth({ anonymous: { type: "sql", qwery: "select" } });
// @ts-expect-error 'wrod' does not exist in type 'AuthBlock<"easy">
auth({ easy: { wrod: "please" } });
// @ts-expect-error Type '"static"' is not assignable to type
auth({ "strategies-only": { type: "static", query: "a" } });

export const aMethodThatIsNotDeclared = { blink: { type: "static", times: 2 } } as AuthConfig;

export const aMistakeIsFoundBySatisfies = {
  realms,
  // @ts-expect-error 'rol' does not exist in type 'StaticBlock<"anonymous">
  transports: [{ type: "memory", auth: { anonymous: { type: "static", rol: "user" } } }],
} satisfies WampgateConfig;

export function aMistakeIsFoundByTheRouter(router: Router): unknown {
  return [
    // @ts-expect-error 'prot' does not exist in type
    createRouter({ plugins: [["@wampgate/metrics", { prot: 9464 }]], realms, transports }),
    // @ts-expect-error 'prot' does not exist in type
    router.reload({ plugins: [["@wampgate/metrics", { prot: 9464 }]], realms, transports }),
    // @ts-expect-error 'rol' does not exist in type 'StaticBlock<"anonymous">
    createRouter({ realms, transports: [{ type: "memory", auth: { anonymous: { type: "static", rol: "a" } } }] }),
    // @ts-expect-error 'rol' does not exist in type 'StaticBlock<"anonymous">
    router.reload({ realms, transports: [{ type: "memory", auth: { anonymous: { type: "static", rol: "a" } } }] }),
  ];
}
