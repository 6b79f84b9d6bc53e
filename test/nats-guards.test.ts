import { jest } from "@jest/globals";
import { Code } from "@wampgate/core";
import type { FakeClient } from "@wampgate/plugin-testkit";
import { connectLight } from "./support/light-client.ts";
import { NatsCluster } from "./support/nats-cluster.ts";
import { describeWithNats } from "./support/nats-server.ts";
import { Party } from "./support/party.ts";

// What one node's config names as an authenticator is guarded on all nodes, each a process of its own: whoever may register by
// a broad rule on a node that has no `auth` for it decides no login of another node.

jest.setTimeout(60_000);

const GUARDED = "com.example.authenticate";
const principals = { mallory: { ticket: "t", role: "broad" }, right: { ticket: "t", role: "right" } };
const fixed = { type: "static", principals };
const dynamic = { type: "dynamic", authenticator: GUARDED, "authenticator-realm": "realm1" };

/** Node a has logins that the guarded procedure decides, and b has not. */
const config = (node: string): Record<string, unknown> => ({
  plugins: ["@wampgate/auth-ticket", "@wampgate/auth-dynamic", "@wampgate/cluster-nats"],
  realms: [
    {
      name: "realm1",
      roles: [
        { name: "user", "allow-by-default": true },
        { name: "broad", permissions: [{ uri: "", match: "prefix", allow: { register: true, call: true } }] },
        { name: "right", permissions: [{ uri: GUARDED, allow: { register: true } }] },
      ],
    },
  ],
  transports: [
    {
      type: "websocket",
      endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
      auth: { ticket: node === "a" ? [fixed, dynamic] : [fixed] },
    },
  ],
});

const CALLEE = { features: { registration_revocation: true } };

describeWithNats("two nodes over NATS, of which one has an authenticator", () => {
  let cluster: NatsCluster;
  const clients: FakeClient[] = [];
  beforeEach(async () => {
    cluster = await NatsCluster.start(["b"], { config });
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await cluster.close();
  });

  /** A client that has answered CHALLENGE. */
  const login = async (node: string, authid: string): Promise<FakeClient> => {
    const client = await connectLight(cluster.get(node).url);
    clients.push(client);
    client.hello({ authid, authmethods: ["ticket"], roles: { caller: {}, callee: CALLEE } });
    await client.expect(Code.CHALLENGE);
    client.authenticate("t");
    return client;
  };

  const join = async (node: string, authid: string): Promise<Party> => {
    const client = await login(node, authid);
    return new Party(client, await client.welcomed());
  };

  /** What a client is told that registers the guarded procedure. */
  const registering = async (party: Party): Promise<unknown> => {
    party.request(Code.REGISTER, {}, GUARDED);
    const [code, , , , uri] = await party.client.next();
    return code === Code.REGISTERED ? "REGISTERED" : uri;
  };

  it("what stands against it at b is revoked when a comes; then only an exact rule makes an authenticator, and that one decides logins at a", async () => {
    const mallory = await join("b", "mallory");
    expect(await registering(mallory)).toBe("REGISTERED");
    await cluster.node("a");
    const [, , details] = await mallory.client.expect(Code.UNREGISTERED);
    expect(details).toMatchObject({ reason: "wamp.error.not_authorized" });
    expect((await (await login("a", "stranger")).aborted()).reason).toBe("wamp.error.authentication_failed");
    expect(await registering(mallory)).toBe("wamp.error.not_authorized");

    const right = await join("b", "right");
    expect(await registering(right)).toBe("REGISTERED");
    const stranger = await login("a", "stranger");
    const [, invocation] = await right.client.expect(Code.INVOCATION);
    right.send(Code.YIELD, invocation, {}, ["user"]);
    expect(await stranger.welcomed()).toMatchObject({ authid: "stranger", authrole: "user" });
  });

  it("no pattern of a client at b gets its calls, and no broad rule lets one call it", async () => {
    await cluster.node("a");
    const mallory = await join("b", "mallory");
    await mallory.register("com.example", { match: "prefix" });
    mallory.call(GUARDED);
    expect((await mallory.error()).uri).toBe("wamp.error.not_authorized");
    expect((await (await login("a", "stranger")).aborted()).reason).toBe("wamp.error.authentication_failed");
    mallory.call("wamp.session.count");
    await mallory.next(Code.RESULT);
  });

  it("the guard ends with its last node", async () => {
    await cluster.node("a");
    const mallory = await join("b", "mallory");
    expect(await registering(mallory)).toBe("wamp.error.not_authorized");
    cluster.get("a").kill("SIGKILL");
    await cluster.get("b").logged(/another node is gone/);
    expect(await registering(mallory)).toBe("REGISTERED");
  });
});
