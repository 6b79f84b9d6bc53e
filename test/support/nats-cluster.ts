import { type CliRouter, folderWith, startCli } from "./cli.ts";
import { NatsServer } from "./nats-server.ts";
import { TcpProxy } from "./tcp-proxy.ts";

/** A node of a test: `wampgate start` in a process of its own. */
export interface ClusterNode extends CliRouter {
  readonly name: string;
  /** Between the node and NATS. */
  readonly proxy: TcpProxy;
}

export interface NatsClusterOptions {
  /** More keys of `cluster`, of all nodes or of each. */
  readonly cluster?: Readonly<Record<string, unknown>> | ((node: string) => Readonly<Record<string, unknown>>);
  /** Default: one of its own, as it comes. */
  readonly server?: NatsServer;
  /** More of the config of each node, or of some. */
  readonly config?: Readonly<Record<string, unknown>> | ((node: string) => Readonly<Record<string, unknown>>);
}

const open = new Set<NatsCluster>();

// What a failed test left would keep Jest from ending.
afterAll(() => Promise.all([...open].map((cluster) => cluster.close())));

/** Routers in processes of their own, over a nats-server of their own. Each one reaches it by a proxy that can part them. */
export class NatsCluster {
  readonly server: NatsServer;
  readonly nodes = new Map<string, ClusterNode>();
  readonly #options: NatsClusterOptions;

  private constructor(server: NatsServer, options: NatsClusterOptions) {
    this.server = server;
    this.#options = options;
  }

  static async start(nodes: readonly string[], options: NatsClusterOptions = {}): Promise<NatsCluster> {
    const cluster = new NatsCluster(options.server ?? (await NatsServer.start()), options);
    open.add(cluster);
    await Promise.all(nodes.map((node) => cluster.node(node)));
    return cluster;
  }

  /** Starts a node. */
  async node(name: string): Promise<ClusterNode> {
    const proxy = this.nodes.get(name)?.proxy ?? (await TcpProxy.start(this.server.port));
    const { config = {} } = this.#options;
    const folder = await folderWith({
      "wampgate.config.json": JSON.stringify({
        ...this.configOf(name, proxy),
        ...(typeof config === "function" ? config(name) : config),
      }),
    });
    const node = Object.assign(await startCli(folder), { name, proxy });
    this.nodes.set(name, node);
    return node;
  }

  configOf(node: string, { port }: { readonly port: number }): Record<string, unknown> {
    const { cluster = {} } = this.#options;
    return {
      plugins: ["@wampgate/auth-anonymous", "@wampgate/cluster-nats"],
      realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
      transports: [
        {
          type: "websocket",
          endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
          auth: { anonymous: { type: "static", role: "user" } },
        },
      ],
      cluster: {
        type: "nats",
        name: "test",
        node,
        servers: [`nats://127.0.0.1:${port}`],
        ...(typeof cluster === "function" ? cluster(node) : cluster),
      },
    };
  }

  get(name: string): ClusterNode {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }

  /** Kills what is left of it. */
  async close(): Promise<void> {
    open.delete(this);
    for (const node of this.nodes.values()) {
      node.kill("SIGKILL");
      await node.ended;
      await node.proxy.close();
    }
    await this.server.close();
  }
}
