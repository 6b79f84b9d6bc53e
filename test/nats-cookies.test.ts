import { join } from "node:path";
import { jest } from "@jest/globals";
import { Code } from "@wampgate/core";
import { folderOf } from "../jest/folder.ts";
import { answerCra, CookieClient, hangUpAll } from "./support/cookie-client.ts";
import { eventually } from "./support/load.ts";
import { NatsCluster } from "./support/nats-cluster.ts";
import { describeWithNats } from "./support/nats-server.ts";

// Cookies at nodes that lose their NATS.

jest.setTimeout(60_000);

const filename = join(await folderOf({}), "cookies.sqlite");
const users = { joe: { secret: "123456", role: "user" } };
const config = {
  plugins: ["@wampgate/auth-cookie", "@wampgate/auth-wampcra", "@wampgate/cluster-nats"],
  transports: [
    {
      type: "websocket",
      endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
      auth: { cookie: { store: { type: "file", filename } }, wampcra: { type: "static", users } },
    },
  ],
};

describeWithNats("two nodes over NATS", () => {
  let cluster: NatsCluster;
  beforeAll(async () => {
    cluster = await NatsCluster.start(["a", "b"], { config });
  });
  afterEach(hangUpAll);
  afterAll(() => cluster.close());

  async function entered(): Promise<string | undefined> {
    const client = await CookieClient.connect(cluster.get("a").url);
    client.hello({ realm: "realm1", authid: "joe", authmethods: ["cookie", "wampcra"] });
    await answerCra(client);
    return client.cookie;
  }

  /** By which method a client with a cookie is let in, or challenged. */
  async function methodAt(node: string, cookie: string | undefined): Promise<unknown> {
    const client = await CookieClient.connect(cluster.get(node).url, { cookie });
    client.hello({ realm: "realm1", authid: "joe", authmethods: ["cookie", "wampcra"] });
    const [code, method, details] = await client.next();
    return code === Code.CHALLENGE ? method : (details as { authprovider: string }).authprovider;
  }

  it.each([
    ["is cut off", "cut"],
    ["is parted from NATS without a word", "hang"],
  ] as const)("a node that %s passes cookies over, and lets in by them when it is back", async (_how, fault) => {
    const cookie = await entered();
    expect(await methodAt("b", cookie)).toBe("cookie");
    cluster.get("b").proxy[fault]();
    await eventually(async () => (await methodAt("b", cookie)) === "wampcra");
    for (let i = 0; i < 5; i++) expect(await methodAt("b", cookie)).toBe("wampcra");
    expect(await methodAt("a", cookie)).toBe("cookie");
    cluster.get("b").proxy.heal();
    await eventually(async () => (await methodAt("b", cookie)) === "cookie");
  });
});
