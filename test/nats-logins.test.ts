import { jest } from "@jest/globals";
import { Code } from "@wampgate/core";
import { BusyClient } from "./support/busy-client.ts";
import { logIn } from "./support/light-client.ts";
import { NatsCluster } from "./support/nats-cluster.ts";
import { describeWithNats } from "./support/nats-server.ts";

// Logins at one node that an authenticator at another one decides.

jest.setTimeout(60_000);

const AUTHORIZER = "com.example.authorize";
const dynamic = { type: "dynamic", authenticator: "com.example.authenticate", "authenticator-realm": "realm-auth" };
const config = {
  plugins: ["ticket", "wampcra", "anonymous", "dynamic"]
    .map((name) => `@wampgate/auth-${name}`)
    .concat("@wampgate/cluster-nats"),
  realms: [
    {
      name: "realm-auth",
      roles: [
        {
          name: "authenticator",
          permissions: ["com.example.authenticate", AUTHORIZER].map((uri) => ({ uri, allow: { register: true } })),
        },
      ],
    },
    { name: "realm1", roles: [{ name: "user", "allow-by-default": true }] },
    { name: "guarded", roles: [{ name: "user", authorizer: AUTHORIZER, "authorizer-realm": "realm-auth" }] },
  ],
  transports: [
    {
      type: "websocket",
      endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
      "max-half-open-per-address": 1000,
      "max-failed-logins-per-address": 100_000,
      "max-failed-logins-per-authid": 100_000,
      auth: {
        anonymous: { type: "static", realm: "realm-auth", role: "authenticator" },
        ticket: { ...dynamic, wait: 5000 },
        wampcra: dynamic,
      },
    },
  ],
};

describeWithNats("three nodes over NATS", () => {
  let cluster: NatsCluster;
  beforeAll(async () => {
    cluster = await NatsCluster.start(["a", "b", "c"], { config });
  });
  afterAll(() => cluster.close());

  /** Lets in whoever has a ticket that is his name. */
  const decide = async (node: string): Promise<BusyClient> => {
    const client = await BusyClient.join(cluster.get(node).url, { realm: "realm-auth", authmethods: ["anonymous"] });
    const answer = ([, authid, details]: readonly unknown[]): readonly unknown[] => {
      const { authmethod, ticket } = details as { authmethod: string; ticket?: string };
      return [{ role: authmethod === "ticket" && ticket !== authid ? "nobody" : "user", secret: "its secret" }];
    };
    // That of the test before may be leaving.
    for (let end = ""; end !== "result"; [end] = await client.register("com.example.authenticate", answer))
      expect(["", "wamp.error.procedure_already_exists"]).toContain(end);
    return client;
  };

  const enter = async (
    node: string,
    authmethod: "ticket" | "wampcra",
    authid: string,
    secret: string,
  ): Promise<number> => {
    const { client, answer } = await logIn(cluster.get(node).url, { realm: "realm1", authmethod, authid, secret });
    client.close();
    return answer[0];
  };

  it("an authenticator at a decides logins at b, by ticket and wampcra", async () => {
    const at = await decide("a");
    expect(await enter("b", "ticket", "joe", "joe")).toBe(Code.WELCOME);
    expect(await enter("b", "ticket", "joe", "wrong")).toBe(Code.ABORT);
    expect(await enter("b", "wampcra", "joe", "its secret")).toBe(Code.WELCOME);
    expect(await enter("b", "wampcra", "joe", "wrong")).toBe(Code.ABORT);
    at.vanish();
  });

  it("wait holds a login at b until an authenticator registers at c", async () => {
    const login = enter("b", "ticket", "ann", "ann");
    await new Promise(setImmediate);
    const at = await decide("c");
    expect(await login).toBe(Code.WELCOME);
    at.vanish();
  });

  it("an authorizer at c decides what a client at b may do, and the messages of that client keep their order", async () => {
    const authenticator = await decide("a");
    const authorizer = await BusyClient.join(cluster.get("c").url, { realm: "realm-auth", authmethods: ["anonymous"] });
    const answer = ([, uri]: readonly unknown[]): readonly unknown[] => [uri !== "com.example.denied"];
    expect((await authorizer.register(AUTHORIZER, answer))[0]).toBe("result");
    const login = { realm: "guarded", authmethod: "ticket", authid: "joe", secret: "joe" } as const;
    const { client } = await logIn(cluster.get("b").url, login);
    const topics = Array.from({ length: 100 }, (_, i) => (i % 3 === 1 ? "com.example.denied" : `com.example.t${i}`));
    for (const [i, topic] of topics.entries()) client.send(Code.SUBSCRIBE, i + 1, {}, topic);
    for (const [i, topic] of topics.entries()) {
      const [code, one, two, , uri] = await client.next();
      if (topic === "com.example.denied")
        expect([code, two, uri]).toEqual([Code.ERROR, i + 1, "wamp.error.not_authorized"]);
      else expect([code, one]).toEqual([Code.SUBSCRIBED, i + 1]);
    }
    authorizer.vanish();
    // Without one nothing is allowed.
    let request = topics.length;
    do client.send(Code.SUBSCRIBE, ++request, {}, "com.example.more");
    while ((await client.next())[0] !== Code.ERROR);
    client.close();
    authenticator.vanish();
  });

  it("its node is killed in the middle of 300 logins at b: none gets in wrongly, and none hangs", async () => {
    await decide("c");
    const start = performance.now();
    const right = Array.from({ length: 150 }, (_, i) => enter("b", "wampcra", `joe${i}`, "its secret"));
    const wrong = Array.from({ length: 150 }, (_, i) => enter("b", "wampcra", `joe${i}`, "wrong"));
    await Promise.race(right);
    cluster.get("c").kill("SIGKILL");
    const killed = performance.now();
    expect(new Set(await Promise.all(wrong))).toEqual(new Set([Code.ABORT]));
    const ends = await Promise.all(right);
    expect(ends.every((end) => end === Code.WELCOME || end === Code.ABORT)).toBe(true);
    expect(ends).toContain(Code.WELCOME);
    expect(performance.now() - killed).toBeLessThan(3000 + (killed - start));
  });
});
