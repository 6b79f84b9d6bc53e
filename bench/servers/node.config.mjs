// A router of bench/cluster.mjs. The port is BENCH_PORT, and its cluster BENCH_CLUSTER.
import anonymous from "@wampgate/auth-anonymous";
import nats from "@wampgate/cluster-nats";

const cluster = JSON.parse(process.env.BENCH_CLUSTER);

export default {
  plugins: [anonymous, nats],
  ...(cluster === null ? {} : { cluster }),
  realms: [{ name: "bench", roles: [{ name: "user", "allow-by-default": true }] }],
  transports: [
    {
      type: "websocket",
      endpoint: { type: "tcp", host: "127.0.0.1", port: Number(process.env.BENCH_PORT) },
      path: "/ws",
      auth: { anonymous: { type: "static", role: "user" } },
    },
  ],
};
