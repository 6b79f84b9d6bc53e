import { Code, createRouter, type Router, type WampgateConfig } from "@wampgate/core";
import { MemoryCarriers } from "@wampgate/cluster";
import { CapturedLog, FakeClient } from "@wampgate/plugin-testkit";
import { Party } from "./support/party.ts";
import { OFFICIAL } from "./support/router.ts";

// An authenticator may be on any node, so a procedure that one node guards is guarded on all of them: whoever may register by a
// broad rule on a node that has no `auth` for it decides no login of another node.

const GUARDED = "com.example.guarded";
const principals = { mallory: { ticket: "t", role: "broad" }, right: { ticket: "t", role: "right" } };
const fixed = { type: "static", principals };
const dynamic = { type: "dynamic", authenticator: GUARDED, "authenticator-realm": "realm1" };

const roles = [
  { name: "user", "allow-by-default": true },
  { name: "broad", permissions: [{ uri: "", match: "prefix", allow: { register: true, call: true } }] },
  { name: "right", permissions: [{ uri: GUARDED, allow: { register: true } }] },
];
const authorized = { name: "asked", authorizer: GUARDED };

/** A config that guards the procedure for an authenticator, for an authorizer, or not at all. */
function configOf(guards: "authenticator" | "authorizer" | null): object {
  return {
    realms: [{ name: "realm1", roles: guards === "authorizer" ? [...roles, authorized] : roles }],
    transports: [{ type: "memory", auth: { ticket: guards === "authenticator" ? [fixed, dynamic] : [fixed] } }],
  };
}

/** Nodes over one network in memory. */
class Nodes {
  readonly network = new MemoryCarriers();
  readonly #routers: Router[] = [];
  readonly #clients: FakeClient[] = [];

  configOf(node: string, config: object): WampgateConfig {
    const plugins = [...OFFICIAL, this.network.plugin];
    return { plugins, cluster: this.network.entry(node), ...config } as unknown as WampgateConfig;
  }

  async start(node: string, config: object): Promise<Router> {
    const router = await createRouter(this.configOf(node, config), { log: new CapturedLog() });
    this.#routers.push(router);
    await router.start();
    return router;
  }

  async login(router: Router, authid: string): Promise<FakeClient> {
    const client = new FakeClient(router.connect());
    this.#clients.push(client);
    client.hello({ authid, authmethods: ["ticket"], roles: { caller: {}, callee: CALLEE } });
    await client.expect(Code.CHALLENGE);
    client.authenticate("t");
    return client;
  }

  async join(router: Router, authid: string): Promise<Party> {
    const client = await this.login(router, authid);
    return new Party(client, await client.welcomed());
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    await Promise.all(this.#routers.map((router) => router.close()));
  }
}

const CALLEE = { features: { registration_revocation: true } };

let nodes = new Nodes();
beforeEach(() => void (nodes = new Nodes()));
afterEach(() => nodes.close());

/** What a client is told that registers the guarded procedure. */
async function registering(party: Party): Promise<unknown> {
  party.request(Code.REGISTER, {}, GUARDED);
  const [code, , , , uri] = await party.client.next();
  return code === Code.REGISTERED ? "REGISTERED" : uri;
}

it.each(["authenticator", "authorizer"] as const)(
  "who may register by a prefix rule on a node that has no auth for it cannot become another node's %s",
  async (kind) => {
    const [a, b] = [await nodes.start("a", configOf(kind)), await nodes.start("b", configOf(null))];
    const mallory = await nodes.join(b, "mallory");
    expect(await registering(mallory)).toBe("wamp.error.not_authorized");
    // By an exact rule it can be registered there, and then it decides.
    const right = await nodes.join(b, "right");
    expect(await registering(right)).toBe("REGISTERED");
    if (kind === "authorizer") return;
    const client = await nodes.login(a, "stranger");
    const [, invocation] = await right.client.expect(Code.INVOCATION);
    right.client.send(Code.YIELD, invocation, {}, ["user"]);
    expect(await client.welcomed()).toMatchObject({ authid: "stranger", authrole: "user" });
  },
);

it("no client of another node may call a guarded procedure by a prefix rule, and no pattern there gets its calls", async () => {
  const [, b] = [await nodes.start("a", configOf("authenticator")), await nodes.start("b", configOf(null))];
  const mallory = await nodes.join(b, "mallory");
  mallory.request(Code.REGISTER, { match: "prefix" }, "com.example");
  await mallory.client.expect(Code.REGISTERED);
  mallory.request(Code.CALL, {}, GUARDED);
  expect((await mallory.client.next())[4]).toBe("wamp.error.not_authorized");
});

it("what stands against a guard is revoked on all nodes when a node comes that has it", async () => {
  const b = await nodes.start("b", configOf(null));
  const mallory = await nodes.join(b, "mallory");
  expect(await registering(mallory)).toBe("REGISTERED");
  const a = await nodes.start("a", configOf("authenticator"));
  const [, , details] = await mallory.client.expect(Code.UNREGISTERED);
  expect(details).toMatchObject({ reason: "wamp.error.not_authorized" });
  expect((await (await nodes.login(a, "stranger")).aborted()).reason).toBe("wamp.error.authentication_failed");
  const right = await nodes.join(b, "right");
  expect(await registering(right)).toBe("REGISTERED");
});

it("a reload that names an authenticator revokes on all nodes, and no login is decided by what stood there", async () => {
  const [a, b] = [await nodes.start("a", configOf(null)), await nodes.start("b", configOf(null))];
  const mallory = await nodes.join(b, "mallory");
  expect(await registering(mallory)).toBe("REGISTERED");
  await a.reload(nodes.configOf("a", configOf("authenticator")));
  // The login comes before b has answered.
  const client = await nodes.login(a, "stranger");
  expect((await client.aborted()).reason).toBe("wamp.error.authentication_failed");
  await mallory.client.expect(Code.UNREGISTERED);
  expect(await registering(mallory)).toBe("wamp.error.not_authorized");
  await a.reload(nodes.configOf("a", configOf(null)));
  await nodes.network.quiet();
  expect(await registering(mallory)).toBe("REGISTERED");
});

it("a procedure that is registered just when another node begins to guard it decides nothing", async () => {
  const [a, b] = [await nodes.start("a", configOf(null)), await nodes.start("b", configOf(null))];
  const mallory = await nodes.join(b, "mallory");
  mallory.request(Code.REGISTER, {}, GUARDED);
  await a.reload(nodes.configOf("a", configOf("authenticator")));
  const client = await nodes.login(a, "stranger");
  expect((await client.aborted()).reason).toBe("wamp.error.authentication_failed");
  const answers = [await mallory.client.next()];
  if (answers[0]?.[0] === Code.REGISTERED) answers.push(await mallory.client.next());
  expect([Code.ERROR, Code.UNREGISTERED]).toContain(answers.at(-1)?.[0]);
  expect(answers.some(([code]) => code === Code.INVOCATION)).toBe(false);
});

it("a node that is gone takes its guards with it, if no other node has them", async () => {
  const b = await nodes.start("b", configOf(null));
  await nodes.start("a", configOf("authenticator"));
  await nodes.start("c", configOf("authenticator"));
  const mallory = await nodes.join(b, "mallory");
  nodes.network.kill("a");
  expect(await registering(mallory)).toBe("wamp.error.not_authorized");
  nodes.network.kill("c");
  expect(await registering(mallory)).toBe("REGISTERED");
});
