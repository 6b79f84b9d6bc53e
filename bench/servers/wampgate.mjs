// The built router, as a user runs it.
import { createRequire } from "node:module";
import { tuneMemory } from "../../packages/core/dist/cli/tune-memory.js";
import { report } from "./report.mjs";

const load = async (name) => import(createRequire(import.meta.url).resolve(`../../packages/${name}/dist/index.js`));
const { createRouter } = await load("core");
const plugins = await Promise.all(
  ["anonymous", "ticket", "wampcra", "dynamic"].map(async (name) => (await load(`auth-${name}`)).default),
);

const everything = { "allow-by-default": true };
const dynamic = { type: "dynamic", authenticator: "com.bench.authenticate", "authenticator-realm": "auth" };
const endpoint = { type: "tcp", host: "127.0.0.1", port: 0 };
const transport = (path, auth) => ({ type: "websocket", endpoint: { ...endpoint, port }, path, auth });
const port = Number(process.argv[2] ?? 0);
const salted = { role: "user", password: "secret", salt: "salt", iterations: 10_000, keylen: 32 };
const secrets = { ticket: "secret", role: "user" };

const log = { debug() {}, info() {}, warn() {}, error: console.error, child: () => log };
const config = {
  plugins,
  realms: [
    { name: "bench", roles: [{ name: "user", ...everything }] },
    {
      name: "auth",
      roles: [{ name: "authenticator", permissions: [{ uri: dynamic.authenticator, allow: { register: true } }] }],
    },
  ],
  transports: [
    transport("/ws", { anonymous: { type: "static", role: "user" } }),
    transport("/static", {
      ticket: { type: "static", principals: { joe: secrets } },
      wampcra: {
        type: "static",
        users: { joe: { secret: "secret", role: "user" } },
      },
    }),
    transport("/dynamic", { ticket: dynamic, wampcra: dynamic }),
  ],
  components: [
    {
      realm: "auth",
      role: "authenticator",
      module: async (session) => {
        await session.register(dynamic.authenticator, ([, , { authmethod, ticket }]) => {
          if (authmethod === "wampcra") return salted;
          return ticket === "secret" ? { role: "user" } : { role: null };
        });
      },
    },
  ],
};
tuneMemory(); // as `wampgate start` does
const router = await createRouter(config, { log });
await router.start();
report(new URL(router.endpoints[0].url).origin.replace("http", "ws"));
