import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import nats from "@wampgate/cluster-nats";
import { createRouter, type WampgateConfig } from "@wampgate/core";
import { DEFAULT_REALMS } from "@wampgate/plugin-testkit";
import { folderOf } from "../jest/folder.ts";
import { folderWith, run } from "./support/cli.ts";
import { freePort } from "./support/free-port.ts";
import { NatsCluster } from "./support/nats-cluster.ts";
import { describeWithNats, natsServers } from "./support/nats-server.ts";
import { startParties } from "./support/party.ts";

// A node that cannot join its cluster does not start: it exits with 1 and a sentence that says what to do.

jest.setTimeout(60_000);

const config = (cluster: object): string =>
  JSON.stringify({
    plugins: ["@wampgate/auth-anonymous", "@wampgate/cluster-nats"],
    realms: [{ name: "realm1", roles: [{ name: "user" }] }],
    transports: [
      {
        type: "websocket",
        endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
        auth: { anonymous: { type: "static", role: "user" } },
      },
    ],
    cluster: { type: "nats", name: "shop", node: "a", ...cluster },
  });

/** What `wampgate start` says, and how long it took. It must end by itself. */
async function refused(cluster: object): Promise<{ text: string; ms: number }> {
  const folder = await folderWith({ "wampgate.config.json": config(cluster) });
  const start = performance.now();
  const { code, stderr, stdout } = await run(folder, ["start"]);
  expect([code, stdout]).toEqual([1, ""]);
  return { text: stderr, ms: performance.now() - start };
}

it.each<[string, object, string]>([
  ["no name", { name: undefined }, "cluster.name"],
  ["a name that is no part of a subject", { name: "my shop" }, "must be the name of a cluster"],
  ["a node's name that is none", { node: "a.b" }, "must be the name of a node"],
  ["a node named as what all hear", { node: "hello" }, 'must not be "hello"'],
  ["no server", { servers: [] }, "cluster.servers"],
  [
    "a password in the server's URL",
    { servers: ["nats://joe:secret@localhost"] },
    "user and password are keys of their own",
  ],
  ["two ways to log in", { user: "joe", password: "x", token: "y" }, "one way to log in at NATS is enough"],
  ["a user without a password", { user: "joe" }, "user and password belong together"],
  ["a certificate without its key", { tls: { certificate: "a.pem" } }, "certificate and key of tls belong together"],
])("%s in cluster is an error of the config", async (_what, cluster, expected) => {
  const made = createRouter(JSON.parse(config(cluster)) as WampgateConfig, { log: false });
  const text = await made.then(
    () => "no error",
    (error: unknown) => String(error),
  );
  expect(text).toContain(expected);
  expect(text).not.toContain("secret");
});

it("NATS that is away is tried for connect-timeout, and a file that is missing is told at once", async () => {
  const servers = [`nats://127.0.0.1:${await freePort()}`];
  const { text, ms } = await refused({ servers, "connect-timeout": 1500 });
  expect(text).toContain(`NATS at ${servers[0]} cannot be reached, tried for 1500 ms`);
  expect(ms).toBeGreaterThan(1500);
  expect((await refused({ servers, credentials: "none.creds" })).text).toContain("none.creds cannot be read");
});

describeWithNats("a node of a cluster over NATS", () => {
  const serve = natsServers();

  it("with wrong credentials exits at once", async () => {
    const server = await serve(["-js", "--user", "joe", "--pass", "right"]);
    const { text, ms } = await refused({ servers: [server.url], user: "joe", password: "wrong-one" });
    expect(text).toContain("refuses the login: correct user and password");
    expect(text).not.toContain("wrong-one");
    expect(ms).toBeLessThan(8000);
  });

  it("at a server without JetStream exits at once", async () => {
    const server = await serve([]);
    const { text } = await refused({ servers: [server.url] });
    expect(text).toContain("start it with JetStream (nats-server -js)");
  });

  it("without the right to a subject exits at once, and names the subject", async () => {
    const folder = await folderOf();
    const file = join(folder, "nats.conf");
    const rights = `{ publish: ["$JS.>", "$KV.>"], subscribe: ["wampgate.shop.a.>"] }`;
    await writeFile(
      file,
      `jetstream {}\nauthorization { users: [{ user: joe, password: x, permissions: ${rights} }] }\n`,
    );
    const server = await serve(["-js", "-c", file]);
    const { text } = await refused({ servers: [server.url], user: "joe", password: "x" });
    expect(text).toContain("NATS does not let this node");
    expect(text).toContain("wampgate.shop.");
  });

  it("starts though NATS says that its bucket overlaps with another one, as it may while another node makes the bucket", async () => {
    const { url } = await serve();
    const nc = await connect({ servers: url });
    const jsm = await jetstreamManager(nc);
    await jsm.streams.add({ name: "other", subjects: ["$KV.wampgate-shop.>"] });
    const asked = nc.subscribe("$JS.API.STREAM.CREATE.KV_wampgate-shop", { max: 1 });
    const network = { plugin: nats, entry: (node: string) => ({ type: "nats", name: "shop", node, servers: [url] }) };
    const started = startParties(DEFAULT_REALMS, undefined, { network, name: "a" });
    await asked[Symbol.asyncIterator]().next();
    await jsm.streams.delete("other");
    await (await started).close();
    await nc.close();
  });

  it("that has the name of another one exits, and names both places", async () => {
    const cluster = await NatsCluster.start(["a"]);
    const { text } = await refused({ name: "test", servers: [cluster.server.url] });
    expect(text).toMatch(
      /the cluster "test" has a node "a" already, the process \d+ on \S+, and this is the process \d+ on/,
    );
    await cluster.close();
  });
});
