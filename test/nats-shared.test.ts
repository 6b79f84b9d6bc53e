import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { jest } from "@jest/globals";
import { Code } from "@wampgate/core";
import { Secret, TOTP } from "otpauth";
import { folderOf } from "../jest/folder.ts";
import { CookieClient, hangUpAll } from "./support/cookie-client.ts";
import { type LightClient, logIn } from "./support/light-client.ts";
import { NatsCluster } from "./support/nats-cluster.ts";
import { describeWithNats } from "./support/nats-server.ts";

// What nodes share beside their realms, with nodes in processes of their own: failed logins, codes that count once, and which
// cookies were revoked.

jest.setTimeout(60_000);

const NAMES = ["a", "b", "c"] as const;
const DENIED = "wamp.error.authentication_denied";
const HELD_BACK = "too many logins have failed; try again later";
const SEEDS = { ann: "CACKN3GRF3KQZMEK", bea: "MFRGGZDFMZTWQ2LK" };

/** The code of a user now, or some steps of half a minute later. */
const codeOf = (user: keyof typeof SEEDS, steps = 0): string =>
  new TOTP({ secret: Secret.fromBase32(SEEDS[user]) }).generate({ timestamp: Date.now() + steps * 30_000 });

/** An address of this machine that no client had before. */
let addresses = 0;
const fresh = (): string => `127.0.2.${++addresses}`;

describeWithNats("three nodes over NATS", () => {
  let cluster: NatsCluster;
  beforeAll(async () => {
    const filename = join(await folderOf({}), "cookies.sqlite");
    const users = Object.keys(SEEDS).map((user) => [user, { secret: "123456", role: "user" }] as const);
    const seeds = Object.entries(SEEDS).map(([user, seed]) => [user, { seed }] as const);
    const config = {
      plugins: ["ticket", "wampcra", "totp", "cookie"]
        .map((name) => `@wampgate/auth-${name}`)
        .concat("@wampgate/cluster-nats"),
      transports: [
        {
          type: "websocket",
          endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
          "max-failed-logins-per-address": 3,
          auth: {
            cookie: { store: { type: "file", filename } },
            ticket: { type: "static", principals: { joe: { ticket: "right", role: "user" } } },
            wampcra: { type: "static", then: "totp", users: Object.fromEntries(users) },
            totp: { type: "static", alone: false, window: 5, principals: Object.fromEntries(seeds) },
          },
        },
      ],
    };
    cluster = await NatsCluster.start(NAMES, { config });
  });
  afterEach(() => hangUpAll());
  afterAll(() => cluster.close());

  /** Logs in by ticket. @returns WELCOME, or why not */
  const enters = async (node: string, ticket: string, from: string): Promise<string> => {
    const { url } = cluster.get(node);
    const { client, answer } = await logIn(url, { authmethod: "ticket", authid: "joe", secret: ticket }, { from });
    client.close();
    const [code, details, reason] = answer;
    return code === Code.WELCOME ? "WELCOME" : `${String(reason)}: ${(details as { message: string }).message}`;
  };

  it("an address that fails too often at one node is held back at the others within two seconds, and no other is", async () => {
    const [guesser, other] = [fresh(), fresh()];
    for (let i = 0; i < 4; i++) expect(await enters("a", "wrong", guesser)).toContain(DENIED);
    for (const node of ["b", "c"]) {
      const end = performance.now() + 2000;
      // A right login that is let in takes nothing of what was counted.
      while (!(await enters(node, "right", guesser)).includes(HELD_BACK)) {
        expect(performance.now()).toBeLessThan(end);
        await wait(5);
      }
      expect(await enters(node, "right", other)).toBe("WELCOME");
    }
  });

  /** A client whose password was right: it is asked for the code. */
  const challenged = async (node: string, authid: keyof typeof SEEDS): Promise<LightClient> => {
    const { url } = cluster.get(node);
    const login = { authmethod: "wampcra", authid, secret: "123456" } as const;
    const { client, answer } = await logIn(url, login, { from: fresh() });
    expect(answer.slice(0, 2)).toEqual([Code.CHALLENGE, "totp"]);
    return client;
  };
  const answered = async (client: LightClient, code: string): Promise<unknown> => {
    client.authenticate(code);
    const [answer, , reason] = await client.next();
    client.close();
    return answer === Code.WELCOME ? "WELCOME" : reason;
  };

  it("a code that was used at one node is used at all", async () => {
    for (const [step, first] of NAMES.entries()) {
      const code = codeOf("ann", step);
      expect(await answered(await challenged(first, "ann"), code)).toBe("WELCOME");
      for (const node of NAMES) expect(await answered(await challenged(node, "ann"), code)).toBe(DENIED);
    }
  });

  it("of logins with one code at the same moment on all nodes one gets in, each time", async () => {
    for (let step = -4; step <= 5; step++) {
      const clients = await Promise.all(NAMES.map((node) => challenged(node, "bea")));
      const code = codeOf("bea", step);
      const ends = await Promise.all(clients.map((client) => answered(client, code)));
      expect(ends.sort()).toEqual(["WELCOME", DENIED, DENIED]);
    }
  });

  it("a cookie of one node lets its client in at all nodes, and a logout at one ends its sessions at all and revokes it", async () => {
    const connect = (node: string, cookie?: string): Promise<CookieClient> =>
      CookieClient.connect(cluster.get(node).url, { cookie });
    const authmethods = ["cookie", "ticket"];
    const first = await connect("a");
    first.hello({ authid: "joe", authmethods });
    await first.expect(Code.CHALLENGE);
    first.authenticate("right");
    await first.welcomed();
    const others = [await connect("b", first.cookie), await connect("c", first.cookie)];
    for (const other of others) {
      other.hello({ authmethods });
      expect(await other.welcomed()).toMatchObject({ authid: "joe", authprovider: "cookie" });
    }
    first.send(Code.GOODBYE, {}, "wamp.close.logout");
    await first.closed;
    for (const other of others) expect(await other.goodbye()).toBe("wamp.close.logout");
    for (const node of NAMES) {
      const client = await connect(node, first.cookie);
      client.hello({ authid: "joe", authmethods });
      expect((await client.expect(Code.CHALLENGE))[1]).toBe("ticket");
    }
  });
});
