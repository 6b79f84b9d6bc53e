import { MemoryCarriers } from "@wampgate/cluster";
import { Code, type Component } from "@wampgate/core";
import { startTestRouter } from "@wampgate/plugin-testkit";
import { type Party, startParties } from "./support/party.ts";

// Which of several callees is called, where they share a procedure on several nodes.

const REALMS = [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }];
const PROCEDURE = "com.example.shared";

const nodes: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
});

/** Nodes a and b with a callee on each, of which the one on a has registered first, and a caller on b. */
class Sharing {
  readonly caller: Party;
  readonly callees: readonly { readonly node: string; readonly party: Party }[];
  /** Where the next call comes to. */
  #came: (place: string) => void = () => undefined;

  private constructor(caller: Party, callees: Sharing["callees"], isAnswering: boolean) {
    this.caller = caller;
    this.callees = callees;
    for (const { node, party } of callees) this.#listen(node, party, isAnswering).catch(() => undefined);
  }

  static async start(prefersLocal: boolean, options: Record<string, unknown>, isAnswering = true): Promise<Sharing> {
    const network = new MemoryCarriers({ link: { "prefer-local": prefersLocal } });
    const callees = [];
    let caller: Party | undefined;
    for (const node of ["a", "b"]) {
      const router = await startParties(REALMS, undefined, { network, name: node });
      nodes.push(router);
      const party = await router.join();
      await party.register(PROCEDURE, options);
      callees.push({ node, party });
      caller = await router.join();
    }
    return new Sharing(caller as Party, callees, isAnswering);
  }

  /** Calls. @returns where the call comes to */
  call(): Promise<string> {
    const came = new Promise<string>((resolve) => (this.#came = resolve));
    this.caller.call(PROCEDURE);
    return came;
  }

  async places(count: number): Promise<string> {
    let all = "";
    for (let i = 0; i < count; i++) {
      all += await this.call();
      await this.caller.next(Code.RESULT);
    }
    return all;
  }

  async #listen(node: string, party: Party, isAnswering: boolean): Promise<void> {
    for (;;) {
      const { id } = await party.invocation();
      this.#came(node);
      if (isAnswering) party.yield(id);
    }
  }
}

it.each([
  ["first", "aaaa"],
  ["roundrobin", "abab"],
  ["last", "bbbb"],
])("shared by %s, callees of all nodes have one order", async (invoke, expected) => {
  expect(await (await Sharing.start(false, { invoke })).places(4)).toBe(expected);
});

it.each(["first", "last", "roundrobin", "random"])(
  "with prefer-local, a call of what is shared by %s goes to a callee of its own node",
  async (invoke) => {
    expect(await (await Sharing.start(true, { invoke })).places(4)).toBe("bbbb");
  },
);

it("with prefer-local, a call goes to another node if all callees of its own are busy", async () => {
  const sharing = await Sharing.start(true, { invoke: "first", concurrency: 1 }, false);
  expect(await sharing.call()).toBe("b");
  expect(await sharing.call()).toBe("a");
});

it("a login is decided by an authenticator of its own node, where several are registered", async () => {
  const network = new MemoryCarriers();
  const { default: ticket } = await import("@wampgate/auth-ticket");
  const { default: dynamic } = await import("@wampgate/auth-dynamic");
  const asked: string[] = [];
  const authenticatorOf =
    (node: string): Component =>
    async (session) => {
      const decide = (): string => {
        asked.push(node);
        return "user";
      };
      await session.register("com.example.authenticate", decide, { invoke: "first" });
    };
  const permissions = [{ uri: "com.example.authenticate", allow: { register: true } }];
  const start = async (node: string) => {
    const router = await startTestRouter({
      plugins: [ticket, dynamic, network.plugin],
      auth: { ticket: { type: "dynamic", authenticator: "com.example.authenticate" } },
      realms: [{ name: "realm1", roles: [{ name: "user" }, { name: "authenticator", permissions }] }],
      components: [{ module: authenticatorOf(node), realm: "realm1", role: "authenticator" }],
      cluster: network.entry(node),
    });
    nodes.push(router);
    return router;
  };
  const [a, b] = [await start("a"), await start("b")];
  for (const router of [b, a, b]) {
    const client = router.connect();
    client.hello({ authid: "joe", authmethods: ["ticket"] });
    await client.expect(Code.CHALLENGE);
    client.authenticate("anything");
    await client.welcomed();
  }
  expect(asked).toEqual(["b", "a", "b"]);
});
