import { writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { Kvm } from "@nats-io/kv";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import {
  BlockError,
  createRouter,
  defineLink,
  definePlugin,
  type Plugin,
  type RouterCheck,
  type WampgateConfig,
  z,
} from "@wampgate/core";
import anonymous from "@wampgate/auth-anonymous";
import nats from "@wampgate/cluster-nats";
import { folderOf } from "../jest/folder.ts";
import { folderWith, run } from "./support/cli.ts";
import { freePort } from "./support/free-port.ts";
import { NatsCluster } from "./support/nats-cluster.ts";
import { describeWithNats, natsServers } from "./support/nats-server.ts";

// `wampgate check --ask` tries the servers that `cluster` names, as a start would.

jest.setTimeout(60_000);

const realms = [{ name: "realm1", roles: [{ name: "user" }] }];

async function checked(cluster: object, plugin: Plugin = nats): Promise<RouterCheck> {
  const auth = { anonymous: { type: "static", role: "user" } };
  const config = { plugins: [anonymous, plugin], realms, transports: [{ type: "memory", auth }], cluster };
  const router = await createRouter(config as unknown as WampgateConfig, { log: false });
  expect(await router.check()).toEqual({ problems: [], warnings: [], answered: [] });
  return router.check({ ask: true });
}

const shop = (cluster: object): object => ({ type: "nats", name: "shop", node: "a", ...cluster });

/** What is wrong: one problem. */
async function problemOf(cluster: object): Promise<string> {
  const { problems, answered } = await checked(shop(cluster));
  expect([problems.length, answered]).toEqual([1, []]);
  return problems.map(({ path, message }) => `${path.join(".")}: ${message}`).join();
}

it("a link is asked only with --ask, and what fails is a problem at its key", async () => {
  const probe = jest.fn((opened: string): string | undefined => {
    if (opened === "odd") throw new Error("out of order");
    if (opened === "shut") throw new BlockError(["loft"], "it is shut");
    return opened === "none" ? undefined : "the pigeons answer";
  });
  const link = defineLink<{ loft: string }>({
    type: "pigeons",
    schema: z.strictObject({ loft: z.string() }),
    start: () => Promise.reject(new Error("check starts nothing")),
    probe: ({ loft }, { folder, signal }) => (folder !== "" && !signal.aborted ? probe(loft) : undefined),
  });
  const plugin = definePlugin({ name: "pigeons", core: "*", links: [link] });
  const asked = (loft: string): Promise<RouterCheck> => checked({ type: "pigeons", loft }, plugin);
  const nothing = { problems: [], warnings: [], answered: [] };
  expect(await asked("open")).toEqual({ ...nothing, answered: [{ path: ["cluster"], message: "the pigeons answer" }] });
  expect(await asked("none")).toEqual(nothing);
  expect(await asked("odd")).toEqual({ ...nothing, problems: [{ path: ["cluster"], message: "out of order" }] });
  expect(await asked("shut")).toEqual({ ...nothing, problems: [{ path: ["cluster", "loft"], message: "it is shut" }] });
  expect(probe).toHaveBeenCalledTimes(4);
});

it("NATS that is not there is a problem of servers, within ten seconds", async () => {
  const servers = [`nats://127.0.0.1:${await freePort()}`];
  const start = performance.now();
  expect(await problemOf({ servers })).toMatch(/^cluster\.servers: NATS at nats:\/\/127.* cannot be reached/);
  expect(performance.now() - start).toBeLessThan(10_000);
});

it("so is a server that takes connections and says nothing", async () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => void sockets.add(socket));
  const port = await freePort();
  await new Promise<void>((resolve) => silent.listen(port, "127.0.0.1", resolve));
  expect(await problemOf({ servers: [`nats://127.0.0.1:${port}`] })).toContain("cluster.servers: NATS at");
  for (const socket of sockets) socket.destroy();
  silent.close();
});

it.each([
  ["credentials", { credentials: "none.creds" }],
  ["nkey", { nkey: "none.nk" }],
  ["tls.ca", { tls: { ca: "none.pem" } }],
])("a file that cannot be read is a problem of its key: %s", async (key, cluster) => {
  expect(await problemOf(cluster)).toMatch(new RegExp(`^cluster\\.${key}: the file .*none\\.\\w+ cannot be read`));
});

describeWithNats("wampgate check --ask of a cluster over NATS", () => {
  const serve = natsServers();

  it("prints a line if NATS answers, also beside the node that runs, and changes nothing", async () => {
    const server = await serve();
    const { url } = server;
    const cluster = shop({ servers: [url] });
    const auth = { anonymous: { type: "static", role: "user" } };
    const transport = { type: "websocket", endpoint: { type: "tcp", host: "127.0.0.1", port: 0 }, auth };
    const plugins = ["@wampgate/auth-anonymous", "@wampgate/cluster-nats"];
    const config = JSON.stringify({ plugins, realms, transports: [transport], cluster });
    const folder = await folderWith({ "wampgate.config.json": config });
    const { code, stdout, stderr } = await run(folder, ["check", "--ask"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /cluster: NATS answers; it has no bucket of this cluster yet, and the first node makes it$/m,
    );
    const nc = await connect({ servers: url });
    expect(await (await jetstreamManager(nc)).streams.names().next()).toEqual([]);

    const running = await NatsCluster.start(["a"], { server, cluster: { name: "shop" } });
    const claims = async (): Promise<unknown> => (await new Kvm(jetstream(nc)).open("wampgate-shop")).status();
    const before = await claims();
    const { problems, answered } = await checked(cluster);
    expect([problems, answered]).toEqual([
      [],
      [{ path: ["cluster"], message: "NATS answers, and has the bucket of this cluster" }],
    ]);
    expect(JSON.stringify(await claims())).toBe(JSON.stringify(before));
    expect(running.get("a").lines.filter((line) => /"level":(?:40|50)/.test(line))).toEqual([]);
    await nc.close();
    await running.close();
  });

  it("tells that NATS refuses the login, and shows no password", async () => {
    const { url } = await serve(["-js", "--user", "joe", "--pass", "right"]);
    const problem = await problemOf({ servers: [url], user: "joe", password: "wrong-one" });
    expect(problem).toMatch(/^cluster: NATS at .* refuses the login: correct user and password/);
    expect(problem).not.toContain("wrong-one");
    expect((await checked(shop({ servers: [url], user: "joe", password: "right" }))).answered).toHaveLength(1);
  });

  it("tells that NATS does not speak TLS", async () => {
    const { port } = await serve();
    expect(await problemOf({ servers: [`tls://127.0.0.1:${port}`] })).toMatch(
      /^cluster\.tls: NATS at .* does not agree on TLS/,
    );
  });

  it("tells that NATS has no JetStream", async () => {
    const { url } = await serve([]);
    expect(await problemOf({ servers: [url] })).toMatch(
      /^cluster\.servers: .*start it with JetStream \(nats-server -js\)/,
    );
  });

  it.each([
    ["wampgate.shop.hello.a", `{ publish: ["$JS.>", "$KV.>"], subscribe: ["wampgate.shop.>"] }`],
    ["$JS.API.", `{ publish: ["wampgate.>", "$KV.>"], subscribe: ["wampgate.shop.>"] }`],
  ])("tells which rights are missing: to %s", async (subject, rights) => {
    const file = join(await folderOf(), "nats.conf");
    await writeFile(
      file,
      `jetstream {}\nauthorization { users: [{ user: joe, password: x, permissions: ${rights} }] }\n`,
    );
    const { url } = await serve(["-js", "-c", file]);
    const problem = await problemOf({ servers: [url], user: "joe", password: "x" });
    expect(problem).toMatch(/^cluster: NATS does not let this node publish on /);
    expect(problem).toContain(subject);
  });
});
