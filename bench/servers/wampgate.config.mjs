// The router's config: `wampgate start` reads it, as a user runs it. The port is BENCH_PORT.
import anonymous from "@wampgate/auth-anonymous";
import cryptosign from "@wampgate/auth-cryptosign";
import dynamicPlugin from "@wampgate/auth-dynamic";
import ticket from "@wampgate/auth-ticket";
import wampcra from "@wampgate/auth-wampcra";
import { PUBLIC_KEY } from "./bench-key.mjs";

const everything = { "allow-by-default": true };
const dynamic = { type: "dynamic", authenticator: "com.bench.authenticate", "authenticator-realm": "auth" };
const endpoint = { type: "tcp", host: "127.0.0.1", port: Number(process.env.BENCH_PORT) };
const tls = { key: `${process.env.BENCH_TLS}/key.pem`, certificate: `${process.env.BENCH_TLS}/cert.pem` };
const secure = { ...endpoint, port: Number(process.env.BENCH_TLS_PORT), tls };
const remote = { ...dynamic, authenticator: "com.bench.remote" };
const transport = (path, auth) => ({ type: "websocket", endpoint, path, auth });
const salted = { role: "user", password: "secret", salt: "salt", iterations: 10_000, keylen: 32 };
const secrets = { ticket: "secret", role: "user" };

export default {
  plugins: [anonymous, ticket, wampcra, cryptosign, dynamicPlugin],
  realms: [
    { name: "bench", roles: [{ name: "user", ...everything }] },
    {
      name: "auth",
      roles: [
        {
          name: "authenticator",
          permissions: [dynamic, remote].map(({ authenticator: uri }) => ({ uri, allow: { register: true } })),
        },
      ],
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
      cryptosign: { type: "static", principals: { joe: { authorized_keys: [PUBLIC_KEY], role: "user" } } },
    }),
    transport("/remote", { ticket: remote }),
    transport("/backend", {
      ticket: {
        type: "static",
        principals: { backend: { ticket: "secret", realm: "auth", role: "authenticator" } },
      },
    }),
    { type: "websocket", endpoint: secure, path: "/ws", auth: { anonymous: { type: "static", role: "user" } } },
    transport("/dynamic", { ticket: dynamic, wampcra: dynamic }),
  ],
  components: [
    {
      realm: "auth",
      role: "authenticator",
      module: async (session) => {
        await session.register(dynamic.authenticator, ([, , { authmethod, ticket: shown }]) => {
          if (authmethod === "wampcra") return salted;
          return shown === "secret" ? { role: "user" } : { role: null };
        });
      },
    },
  ],
};
