import { Code, createRouter, type Router, type WampgateConfig } from "@wampgate/core";
import { CapturedLog, FakeClient, MemoryNetwork } from "@wampgate/plugin-testkit";
import { AUTHENTICATOR, dynamicBlock, REALMS } from "./support/dynamic.ts";
import { OFFICIAL } from "./support/router.ts";

// Authenticators and authorizers are callees: it does not matter on which node they are.

const AUTHORIZER = "com.example.authorize";
const realms = [
  ...REALMS.filter(({ name }) => name !== "realm-auth"),
  {
    name: "realm-auth",
    roles: [
      {
        name: "authenticator",
        permissions: [AUTHENTICATOR, AUTHORIZER].map((uri) => ({ uri, allow: { register: true } })),
      },
    ],
  },
  { name: "guarded", roles: [{ name: "user", authorizer: AUTHORIZER, "authorizer-realm": "realm-auth" }] },
];

async function withNodes(use: (nodes: readonly Router[], network: MemoryNetwork) => Promise<void>, wait = 0) {
  const network = new MemoryNetwork();
  const nodes: Router[] = [];
  try {
    for (const node of ["a", "b", "c"]) {
      const transports = [{ type: "memory", auth: { ticket: { ...dynamicBlock, wait } } }];
      const config = { plugins: [...OFFICIAL, network.plugin], realms, transports, cluster: network.entry(node) };
      const router = await createRouter(config as unknown as WampgateConfig, { log: new CapturedLog() });
      await router.start();
      nodes.push(router);
    }
    await use(nodes, network);
  } finally {
    await Promise.all(nodes.map((node) => node.close()));
  }
}

/** Lets an authenticator in at a node. It knows the ticket "right". */
async function authenticate(node: Router | undefined, answer: () => unknown = () => "user"): Promise<void> {
  const session = node?.session("realm-auth", { role: "authenticator" });
  await session?.register(AUTHENTICATOR, ([, , details]) => {
    if ((details as { ticket: string }).ticket !== "right") throw new Error("a wrong ticket");
    return answer();
  });
}

/** A client that has answered CHALLENGE. */
async function login(node: Router | undefined, ticket: string, realm = "realm1"): Promise<FakeClient> {
  const client = new FakeClient((node as Router).connect());
  client.hello({ realm, authid: "joe", authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  client.authenticate(ticket);
  return client;
}

it("a login on one node is decided by an authenticator on another", () =>
  withNodes(async ([a, b]) => {
    await authenticate(a);
    const right = await login(b, "right");
    expect(await right.welcomed()).toMatchObject({ authrole: "user", authid: "joe" });
    right.close();
    const wrong = await login(b, "wrong");
    expect((await wrong.aborted()).reason).toMatch(/^wamp\.error\./);
  }));

it("wait holds a login until an authenticator registers on another node", () =>
  withNodes(async ([a, b]) => {
    const client = await login(b, "right");
    await authenticate(a);
    expect(await client.welcomed()).toMatchObject({ authrole: "user" });
    client.close();
  }, 4000));

it("a login ends if the node of its authenticator is gone, and is not let in", () =>
  withNodes(async ([a, b], network) => {
    let asked = (): void => undefined;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    await authenticate(a, () => {
      asked();
      return new Promise(() => undefined);
    });
    const client = await login(b, "right");
    await isAsked;
    network.kill("a");
    expect((await client.aborted()).reason).toBe("wamp.error.authentication_failed");
  }));

it("an authorizer on another node decides, and the messages of its session keep their order", () =>
  withNodes(async ([a, b, c]) => {
    await authenticate(a);
    const authorizer = c?.session("realm-auth", { role: "authenticator" });
    await authorizer?.register(AUTHORIZER, ([, uri]) => uri !== "com.example.denied");
    const client = await login(b, "right", "guarded");
    await client.welcomed();
    for (const [i, topic] of ["com.example.one", "com.example.denied", "com.example.two"].entries())
      client.send(32, i + 1, {}, topic);
    expect((await client.next()).slice(0, 2)).toEqual([33, 1]);
    expect((await client.next())[4]).toBe("wamp.error.not_authorized");
    expect((await client.next()).slice(0, 2)).toEqual([33, 3]);
    client.close();
  }));
