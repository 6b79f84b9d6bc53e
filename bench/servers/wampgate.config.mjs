// The router's config: `wampgate start` reads it, as a user runs it. The port is BENCH_PORT.
import anonymous from "@wampgate/auth-anonymous";
import dynamicPlugin from "@wampgate/auth-dynamic";
import ticket from "@wampgate/auth-ticket";
import wampcra from "@wampgate/auth-wampcra";

const everything = { "allow-by-default": true };
const dynamic = { type: "dynamic", authenticator: "com.bench.authenticate", "authenticator-realm": "auth" };
const endpoint = { type: "tcp", host: "127.0.0.1", port: Number(process.env.BENCH_PORT) };
const transport = (path, auth) => ({ type: "websocket", endpoint, path, auth });
const salted = { role: "user", password: "secret", salt: "salt", iterations: 10_000, keylen: 32 };
const secrets = { ticket: "secret", role: "user" };

export default {
  plugins: [anonymous, ticket, wampcra, dynamicPlugin],
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
        await session.register(dynamic.authenticator, ([, , { authmethod, ticket: shown }]) => {
          if (authmethod === "wampcra") return salted;
          return shown === "secret" ? { role: "user" } : { role: null };
        });
      },
    },
  ],
};
