import { setTimeout as wait } from "node:timers/promises";
import { acceptAs, Code, definePlugin, type Plugin, type PluginApi, type SharedState } from "@wampgate/core";
import { MemoryCarriers, type MemoryCarriersOptions } from "@wampgate/cluster";
import totp from "@wampgate/auth-totp";
import ticket from "@wampgate/auth-ticket";
import { Secret, TOTP } from "otpauth";
import { numbers } from "../jest/numbers.ts";
import { connectRaw, hangUp, type RawClient } from "./support/raw-client.ts";
import { type RunningRouter, startRouter } from "./support/router.ts";

// What the nodes of a cluster share beside their realms: failed logins, codes that count once, and what plugins announce.

const DENIED = "wamp.error.authentication_denied";
const HELD_BACK = "too many logins have failed; try again later";

/** A node, with what a plugin on it may share. */
interface Node extends RunningRouter {
  readonly name: string;
  readonly shared: SharedState;
  /** What was announced by the topic "news". */
  readonly heard: unknown[];
}

interface Options {
  readonly auth?: object;
  readonly limits?: object;
  readonly link?: object;
  readonly plugins?: readonly Plugin[];
}

let network: MemoryCarriers;
const nodes: Node[] = [];

function networkOf(options: MemoryCarriersOptions = {}): void {
  network = new MemoryCarriers(options);
}

beforeEach(() => networkOf());
afterEach(async () => {
  hangUp();
  network.part();
  await Promise.all(nodes.splice(0).map((node) => node.close()));
});

/** Lets clients in by a cookie, their authid. It knows which sessions came by which one, and ends them when it is revoked anywhere. */
function cookies(revoke: (api: PluginApi) => void = () => undefined): Plugin {
  return definePlugin({
    name: "cookies",
    core: "*",
    apply(api) {
      const sessions = new Map<number, string>();
      api.hooks.hello.tap("cookies", ({ realm, authid, authmethods }) =>
        authmethods.includes("cookie")
          ? acceptAs({ realm, authid, role: "user" }, { authmethod: "cookie" })
          : undefined,
      );
      api.hooks.joined.tap("cookies", ({ session, authid }) => void sessions.set(session, authid));
      api.hooks.left.tap("cookies", ({ session }) => void sessions.delete(session));
      api.shared.on("revoked", (cookie) => {
        const killer = api.session("realm1", { role: "killer" });
        for (const [session] of [...sessions].filter(([, authid]) => authid === cookie))
          killer.call("wamp.session.kill", [session]).catch(() => undefined);
      });
      revoke(api);
    },
  });
}

async function start(name: string, { auth = {}, limits = {}, link = {}, plugins = [] }: Options = {}): Promise<Node> {
  const heard: unknown[] = [];
  let api: PluginApi | undefined;
  const sharing = definePlugin({
    name: "sharing",
    core: "*",
    apply(own) {
      api = own;
      own.shared.on("news", (value) => heard.push(value));
    },
  });
  const endpoint = { type: "tcp", host: "127.0.0.1", port: 0 };
  const running = await startRouter({
    plugins: [ticket, totp, sharing, ...plugins, network.plugin],
    realms: [{ name: "realm1", roles: ROLES }],
    transports: [{ type: "websocket", endpoint, auth: { ticket: TICKETS, ...auth }, ...limits }],
    cluster: { ...network.entry(name), ...link },
  });
  const node = { ...running, name, shared: (api as unknown as PluginApi).shared, heard };
  nodes.push(node);
  return node;
}

const ROLES = [
  { name: "user", "allow-by-default": true },
  { name: "killer", permissions: [{ uri: "wamp.session.kill", allow: { call: true } }] },
];

const TICKETS = {
  type: "static",
  principals: { joe: { ticket: "right", role: "user" }, ann: { ticket: "right", role: "user" } },
};

/** Logs in by ticket. @returns the last answer: WELCOME, or why not */
async function login(node: Node, authid: string, secret: string, localAddress = "127.0.0.1"): Promise<string> {
  const client = await connectRaw(node.url, "wamp.2.json", { localAddress });
  client.hello({ authid, authmethods: ["ticket"] });
  const first = await client.next();
  if (first[0] === Code.CHALLENGE) client.authenticate(secret);
  const [code, details, reason] = first[0] === Code.CHALLENGE ? await client.next() : first;
  client.socket.terminate();
  if (code === Code.WELCOME) return "WELCOME";
  return `${String(reason)}: ${(details as { message: string }).message}`;
}

async function joined(node: Node, cookie: string): Promise<RawClient> {
  const client = await connectRaw(node.url);
  client.hello({ authid: cookie, authmethods: ["cookie"] });
  await client.welcomed();
  return client;
}

/** Resolves when `isSo`, which must be within four seconds. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 4000; !(await isSo());) {
    expect(performance.now()).toBeLessThan(end);
    await wait(5);
  }
}

describe("failed logins", () => {
  it("an address that fails too often at one node is held back at the others within two seconds, and no other is", async () => {
    const limits = { "max-failed-logins-per-address": 3 };
    const [a, b] = [await start("a", { limits }), await start("b", { limits })];
    for (let i = 0; i < 4; i++) expect(await login(a, `nobody${i}`, "wrong")).toContain(DENIED);
    const from = performance.now();
    await until(async () => (await login(b, "joe", "right")).includes(HELD_BACK));
    expect(performance.now() - from).toBeLessThan(2000);
    expect(await login(b, "joe", "right", "127.0.0.2")).toBe("WELCOME");
  });

  it("the tries of an attacker count on all nodes together: several nodes give no more of them", async () => {
    const limits = { "max-failed-logins-per-address": 5 };
    const all = [await start("a", { limits }), await start("b", { limits }), await start("c", { limits })];
    let tries = 0;
    for (; tries < 30; tries++) {
      if ((await login(all[tries % 3] as Node, "joe", `guess ${tries}`)).includes(HELD_BACK)) break;
      await network.quiet();
    }
    expect(tries).toBe(6);
  });

  it("an authid that strangers guess at on one node is closed to them on all, and open to its owner", async () => {
    const limits = { "max-failed-logins-per-authid": 2 };
    const [a, b] = [await start("a", { limits }), await start("b", { limits })];
    // The owner has been there, on the other node.
    expect(await login(a, "joe", "right")).toBe("WELCOME");
    for (let i = 0; i < 3; i++) await login(a, "joe", "wrong", "127.0.0.2");
    await login(a, "joe", "wrong");
    await network.quiet();
    expect(await login(b, "joe", "right", "127.0.0.2")).toContain(HELD_BACK);
    expect(await login(b, "ann", "right", "127.0.0.2")).toBe("WELCOME");
    expect(await login(b, "joe", "right")).toBe("WELCOME");
  });
});

describe("codes that count once", () => {
  const SEED = "CACKN3GRF3KQZMEK";
  const auth = {
    ticket: { ...TICKETS, then: "totp" },
    totp: { type: "static", alone: false, window: 5, "max-failures": 3, principals: { joe: { seed: SEED } } },
  };
  const code = (steps = 0): string =>
    new TOTP({ secret: Secret.fromBase32(SEED) }).generate({ timestamp: Date.now() + steps * 30_000 });

  async function challenged(node: Node): Promise<RawClient> {
    const client = await connectRaw(node.url);
    client.hello({ authid: "joe", authmethods: ["ticket"] });
    await client.expect(Code.CHALLENGE);
    client.authenticate("right");
    await client.expect(Code.CHALLENGE);
    return client;
  }

  async function answered(client: RawClient, text: string): Promise<unknown> {
    client.authenticate(text);
    const [answer, , reason] = await client.next();
    client.socket.terminate();
    return answer === Code.WELCOME ? "WELCOME" : reason;
  }

  const enters = async (node: Node, text: string): Promise<unknown> => answered(await challenged(node), text);

  it("a code that was used at one node is used at all, also at one that starts later", async () => {
    const [a, b] = [await start("a", { auth }), await start("b", { auth })];
    const text = code();
    expect(await enters(a, text)).toBe("WELCOME");
    expect(await enters(b, text)).toBe(DENIED);
    expect(await enters(await start("c", { auth }), text)).toBe(DENIED);
    expect(await enters(b, code(1))).toBe("WELCOME");
    expect(await enters(a, code(1))).toBe(DENIED);
  });

  it("of logins with one code at the same moment on several nodes one gets in", async () => {
    networkOf({ delay: numbers(3) });
    const all = [await start("a", { auth }), await start("b", { auth }), await start("c", { auth })];
    for (let round = -5; round <= 5; round++) {
      const clients = await Promise.all(all.map((node) => challenged(node)));
      const text = code(round);
      const answers = await Promise.all(clients.map((client) => answered(client, text)));
      expect(answers.sort()).toEqual(["WELCOME", DENIED, DENIED]);
    }
  }, 20_000);

  it("wrong codes count on all nodes together", async () => {
    const [a, b] = [await start("a", { auth }), await start("b", { auth })];
    const right = code();
    const wrong = right === "000000" ? "000001" : "000000";
    expect(await enters(a, wrong)).toBe(DENIED);
    expect(await enters(b, wrong)).toBe(DENIED);
    await network.quiet();
    expect(await enters(a, wrong)).toBe(DENIED);
    await network.quiet();
    expect(await enters(b, right)).toBe(DENIED);
    expect(a.log.text()).toContain("too many wrong codes in a row");
  });

  it("a node that is cut off lets nobody in by a code, says so to the operator, and does when it is back", async () => {
    const [a, b] = [await start("a", { auth }), await start("b", { auth })];
    network.part(["a"], ["b"]);
    expect(await enters(b, code())).toBe(DENIED);
    expect(b.log.text()).toContain("the nodes of the router cannot agree now whether it was used already");
    expect(await enters(a, code())).toBe("WELCOME");
    network.part();
    expect(await enters(b, code(1))).toBe("WELCOME");
  });

  it("with offline-second-factor a node that is cut off judges codes by itself, and the others hear of it when it is back", async () => {
    const link = { "offline-second-factor": true };
    const [a, b] = [await start("a", { auth, link }), await start("b", { auth, link })];
    network.part(["a"], ["b"]);
    const text = code();
    expect(await enters(b, text)).toBe("WELCOME");
    expect(await enters(b, text)).toBe(DENIED);
    await b.shared.announce("news", "back", { keepFor: 60 });
    await until(() => a.log.text().includes("another node is gone"));
    network.part();
    await until(() => a.heard.includes("back"));
    expect(await enters(a, text)).toBe(DENIED);
  });
});

describe("what plugins announce", () => {
  describe("while a session leaves", () => {
    /** Whether about half a second is over: then GOODBYE does not wait any longer, as on a machine that is very busy. */
    const patience = (): (() => boolean) => {
      const end = performance.now() + 400;
      return () => performance.now() > end;
    };

    /** A client at one node, and what another node, which is slow to reach, has heard of the ends of sessions there. */
    async function entered(): Promise<{
      client: RawClient;
      session: number;
      heard: unknown[];
      left: Promise<void>;
      a: Node;
    }> {
      networkOf({ delay: () => 30 });
      let leaves = (): void => undefined;
      const left = new Promise<void>((resolve) => (leaves = resolve));
      const heard: unknown[] = [];
      const telling = (hear: (value: unknown) => void): Plugin =>
        definePlugin({
          name: "telling",
          core: "*",
          apply({ hooks, shared }) {
            shared.on("left", hear);
            hooks.left.tap("telling", ({ authid }, { reason }) => void shared.announce("left", [authid, reason]));
          },
        });
      const a = await start("a", { plugins: [telling(leaves)] });
      await start("b", { plugins: [telling((value) => heard.push(value))] });
      const client = await connectRaw(a.url);
      client.hello({ authid: "joe", authmethods: ["ticket"] });
      await client.expect(Code.CHALLENGE);
      client.authenticate("right");
      return { client, session: (await client.welcomed()).session, heard, left, a };
    }

    it("is at the other nodes when its client gets the answer to its GOODBYE", async () => {
      const { client, heard } = await entered();
      const isLate = patience();
      client.send(Code.GOODBYE, {}, "wamp.close.logout");
      await client.expect(Code.GOODBYE);
      const expected = [["joe", "wamp.close.logout"]];
      expect(isLate() ? expected : heard).toEqual(expected);
      await client.closed;
    });

    it("is there when a client that is killed gets its GOODBYE, also if that one says GOODBYE in the same moment", async () => {
      const { client, session, heard, a } = await entered();
      const isLate = patience();
      await a.router.session("realm1", { role: "killer" }).call("wamp.session.kill", [session]);
      client.send(Code.GOODBYE, {}, "wamp.close.close_realm");
      await client.expect(Code.GOODBYE);
      const expected = [["joe", "wamp.close.killed"]];
      expect(isLate() ? expected : heard).toEqual(expected);
      client.send(Code.GOODBYE, {}, "wamp.close.goodbye_and_out");
      await client.closed;
    });

    it("is waited for also if the router stops meanwhile", async () => {
      const { client, heard, left, a } = await entered();
      const isLate = patience();
      client.send(Code.GOODBYE, {}, "wamp.close.logout");
      await left;
      await Promise.all([client.expect(Code.GOODBYE), a.router.close()]);
      const expected = [["joe", "wamp.close.logout"]];
      expect(isLate() ? expected : heard).toEqual(expected);
    });

    it("is waited for half a second at most", async () => {
      const { client, heard } = await entered();
      network.part(["a"], ["b"]);
      const isLate = patience();
      client.send(Code.GOODBYE, {}, "wamp.close.logout");
      await client.expect(Code.GOODBYE);
      expect(isLate()).toBe(true);
      expect(heard).toEqual([]);
      await client.closed;
    });
  });

  it("comes to all nodes once and in order, on the own one at once, and to no other plugin", async () => {
    networkOf({ delay: numbers(2) });
    const all = [await start("a"), await start("b"), await start("c")];
    const [a, b] = all as [Node, Node];
    const told = Array.from({ length: 100 }, (_, i) => a.shared.announce("news", i));
    expect(a.heard).toHaveLength(100);
    await Promise.all([...told, b.shared.announce("news", { of: "b" }), b.shared.announce("other", "not this")]);
    for (const { heard } of all) {
      expect(heard.filter((value) => typeof value === "number")).toEqual(Array.from({ length: 100 }, (_, i) => i));
      expect(heard.filter((value) => typeof value !== "number")).toEqual([{ of: "b" }]);
    }
  });

  it("is there for a node that starts later, and for one that comes back, if it is kept; the others hear it once", async () => {
    const [a, b] = [await start("a"), await start("b", { link: { "dead-after": 200 } })];
    network.part(["a"], ["b"]);
    await a.shared.announce("news", "kept", { keepFor: 60 });
    await a.shared.announce("news", "not kept");
    await until(() => b.log.text().includes("another node is gone"));
    network.part();
    await until(() => b.heard.length > 0);
    const c = await start("c");
    await a.shared.announce("news", "last", { keepFor: 60 });
    expect(b.heard).toEqual(["kept", "last"]);
    expect(c.heard).toEqual(["kept", "last"]);
    expect(a.heard).toEqual(["kept", "not kept", "last"]);
  });

  it("a session whose cookie is revoked at one node ends on all nodes", async () => {
    let revoke = (cookie: string): Promise<void> => Promise.reject(new Error(cookie));
    const revoking = cookies((api) => (revoke = (cookie) => api.shared.announce("revoked", cookie)));
    const [a, b] = [await start("a", { plugins: [revoking] }), await start("b", { plugins: [cookies()] })];
    const [here, there, other] = [await joined(a, "one"), await joined(b, "one"), await joined(b, "two")];
    await revoke("one");
    for (const client of [here, there]) expect((await client.expect(Code.GOODBYE))[2]).toBe("wamp.close.killed");
    other.send(Code.SUBSCRIBE, 1, {}, "com.example.topic");
    await other.expect(Code.SUBSCRIBED);
  });

  it.each([
    ["no data", () => undefined],
    ["more than 64 KiB", () => "x".repeat(70_000)],
  ])("refuses %s with a sentence", async (_what, make) => {
    const { shared } = await start("a");
    expect(() => shared.announce("news", make())).toThrow("what JSON can say");
    await expect(shared.spend("key", -1, { keepFor: 1 })).rejects.toThrow("a whole number from 0");
  });
});
