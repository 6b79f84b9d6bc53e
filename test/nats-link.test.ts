import { randomBytes } from "node:crypto";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import nats from "@wampgate/cluster-nats";
import { describeLink, type LinkNetwork } from "@wampgate/plugin-testkit";
import { describeWithNats, NatsServer } from "./support/nats-server.ts";
import { TcpProxy } from "./support/tcp-proxy.ts";

// What every link between nodes must do, over a real nats-server: all tests use one, and each one a cluster of its own.

const SEALS = [
  ["a cluster over NATS", {}],
  ["a sealed cluster over NATS", { seal: randomBytes(32).toString("hex") }],
] as const;

for (const [title, seal] of SEALS) describeWithNats(title, () => suite(seal));

function suite(seal: object): void {
  let server: NatsServer;
  let stranger: NatsConnection;
  /** Node b reaches NATS by it. */
  let proxy: TcpProxy;
  beforeAll(async () => {
    server = await NatsServer.start();
    stranger = await connect({ servers: server.url });
    proxy = await TcpProxy.start(server.port);
  });
  afterAll(async () => {
    await stranger.close();
    await proxy.close();
    await server.close();
  });

  let clusters = 0;
  const network = (): LinkNetwork => {
    const name = `test${++clusters}`;
    proxy.heal();
    return {
      plugin: nats,
      entry: (node) => {
        const port = node === "b" ? proxy.port : server.port;
        const servers = [`nats://127.0.0.1:${port}`];
        return { type: "nats", name, node, servers, heartbeat: 50, "dead-after": 1000, ...seal };
      },
      kill: () => proxy.cut(),
      sendFrame: async (from, to, bytes) => {
        stranger.publish(`wampgate.${name}.${to}.${from}`, bytes);
        await stranger.flush();
      },
    };
  };
  describeLink({ describe, it }, { network, patience: 10_000 });
}
