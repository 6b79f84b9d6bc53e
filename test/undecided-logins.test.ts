import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Code, hashSecret, type LocalSession, WampError } from "@wampgate/core";
import Libsql from "libsql";
import { folderOf } from "../jest/folder.ts";
import { AUTHENTICATOR } from "./support/dynamic.ts";
import { DENIED, FAILED } from "./support/decided.ts";
import { connectRaw, hangUp, type RawClient } from "./support/raw-client.ts";
import { makeRouter, type RunningRouter, wholeOf } from "./support/router.ts";

// Which logins count as failed, and may hold their client back: those about which somebody has decided. Where the source of
// principals is down, too slow or broken, that says nothing of the client.

const HELD_BACK = { reason: "wamp.error.authentication_denied", text: "too many logins have failed; try again later" };

let running: RunningRouter | null = null;
let folder: string;
let server: Server | null = null;
let does: (response: ServerResponse) => void;
let url: string;

beforeEach(async () => {
  folder = await folderOf({});
  server = createServer((request, response) => {
    request.resume();
    does(response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(async () => {
  hangUp();
  await running?.close();
  running = null;
  server?.close();
  server?.closeAllConnections();
});

/** Static principals of the same transport: whether one gets in tells whether the address is held back. */
const STATIC = {
  ticket: { type: "static", principals: { service: { ticket: "right", role: "user" } } },
  wampcra: { type: "static", users: { service: { secret: "right", role: "user" } } },
};

/** A router that holds an address back after its second failed login. @param auth its blocks beside the static ones */
async function start(auth: object): Promise<RunningRouter> {
  const whole = wholeOf({
    realms: [
      {
        name: "realm1",
        roles: [
          { name: "user", "allow-by-default": true },
          { name: "authenticator", permissions: [{ uri: AUTHENTICATOR, allow: { register: true } }] },
        ],
      },
    ],
    auth,
  });
  const [transport] = whole["transports"] as [object];
  const transports = [{ ...transport, "max-failed-logins-per-address": 1 }];
  const { router, log } = await makeRouter({ ...whole, transports }, { file: join(folder, "wampgate.config.yaml") });
  await router.start();
  running = { router, log, url: router.endpoints[0]?.url ?? "", close: () => router.close() };
  return running;
}

async function challenged(authid: string, proof: string): Promise<RawClient> {
  const client = await connectRaw(running?.url ?? "");
  client.hello({ authid, authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  client.authenticate(proof);
  return client;
}

interface Refusal {
  readonly reason: unknown;
  readonly text: string | undefined;
}

/** How a login by these proofs is refused; null if it is not. */
async function refusalOf(authid: string, ...proofs: readonly string[]): Promise<Refusal | null> {
  const client = await connectRaw(running?.url ?? "");
  client.hello({ authid, authmethods: ["ticket"] });
  for (const proof of [...proofs, null]) {
    const [type, ...rest] = await client.next();
    if (type === Code.WELCOME) return null;
    if (type === Code.ABORT) return { reason: rest[1], text: (rest[0] as { message?: string }).message };
    client.authenticate(proof ?? "");
  }
  throw new Error("it is challenged once more");
}

/** Two logins are refused so, for this cause. */
async function refusedTwice(refusal: Refusal, cause: string): Promise<void> {
  for (let i = 0; i < 2; i++) expect(await refusalOf("joe", "guess")).toEqual(refusal);
  const causes = running?.log.lines.flatMap(({ fields }) => (fields["login"] === "refused" ? [fields["cause"]] : []));
  expect(causes).toEqual([cause, cause]);
}

/** The address is held back: with each further failure for longer, so that a slow machine sees it, too. */
async function expectHeldBack(...again: readonly [authid: string, ...proofs: string[]]): Promise<void> {
  while ((await refusalOf(...again))?.text !== HELD_BACK.text);
  expect(await refusalOf("service", "right")).toEqual(HELD_BACK);
}

async function notCounted(refusal: Refusal, cause: string): Promise<void> {
  await refusedTwice(refusal, cause);
  expect(await refusalOf("service", "right")).toBeNull();
}

async function counted(refusal: Refusal, cause: string): Promise<void> {
  await refusedTwice(refusal, cause);
  await expectHeldBack("joe", "guess");
}

const beside = (block: object): object => ({ ticket: [STATIC.ticket, block] });

describe("an authenticator", () => {
  const block = { type: "dynamic", authenticator: AUTHENTICATOR, "authenticator-realm": "realm1" };

  async function answering(answer: ((session: LocalSession) => unknown) | null, more: object = {}): Promise<void> {
    const { router } = await start(beside({ ...block, ...more }));
    if (answer === null) return;
    const register = async (): Promise<void> => {
      const session = router.session("realm1", { role: "authenticator" });
      await session.register(AUTHENTICATOR, async () => {
        const answered = await answer(session);
        if (answered !== LEAVES) return answered;
        session.leave();
        await register();
        return null;
      });
    };
    await register();
  }
  const LEAVES = Symbol("leaves");
  const throws = (uri: string, text?: string) => () => {
    throw new WampError(uri, ...(text === undefined ? [] : [text]));
  };

  it("that is not registered counts nothing", async () => {
    await answering(null);
    await notCounted(FAILED, "no-authenticator");
  });

  it("that leaves during the call counts nothing", async () => {
    await answering(() => LEAVES);
    await notCounted(FAILED, "authenticator-gone");
  });

  it("that does not answer in time counts nothing", async () => {
    await answering(() => new Promise(() => undefined), { timeout: 20 });
    await notCounted(FAILED, "authenticator-timeout");
  });

  it("that says wamp.error.unavailable counts nothing, and the client gets that error", async () => {
    await answering(throws("wamp.error.unavailable", "the database is down"));
    await notCounted({ reason: "wamp.error.unavailable", text: "the database is down" }, "authenticator-unavailable");
  });

  it.each<[string, () => unknown, Refusal, string]>([
    [
      "raises an error of its own",
      throws("com.example.no", "go away"),
      { reason: "com.example.no", text: "go away" },
      "authenticator-error",
    ],
    [
      "throws what is no WAMP error, as many do for a wrong ticket",
      () => {
        throw new Error("wrong ticket");
      },
      { reason: "wamp.error.runtime_error", text: undefined },
      "authenticator-error",
    ],
    ["raises an error whose URI is none", throws("not a uri"), FAILED, "authenticator-answer"],
    ["answers null, as some do for a wrong ticket", () => null, FAILED, "authenticator-answer"],
    ["answers false", () => false, FAILED, "authenticator-answer"],
  ])("that %s has decided: it counts", async (_what, answer, refusal, cause) => {
    await answering(answer);
    await counted(refusal, cause);
  });

  it("whose session leaves a renewal undecided ends no session by that, however often", async () => {
    let isThere = true;
    await answering(() => (isThere ? "user" : LEAVES));
    const client = await challenged("joe", "right");
    await client.expect(Code.WELCOME);
    isThere = false;
    for (let i = 1; i <= 6; i++) {
      client.send(Code.CALL, i, {}, "wampgate.session.renew", ["right"], {});
      expect((await client.expect(Code.ERROR))[4]).toBe(FAILED.reason);
    }
  });
});

describe("a function", () => {
  /** A router whose logins a function with this body decides. */
  async function begin(body: string): Promise<void> {
    Object.assign(globalThis, { WampError });
    await writeFile(join(folder, "auth.mjs"), `export const create = () => () => { ${body} };`);
    await start(beside({ type: "function", module: "./auth.mjs", timeout: 100 }));
  }

  it.each<[string, string, Refusal, string]>([
    [
      "throws wamp.error.unavailable",
      "throw new globalThis.WampError('wamp.error.unavailable')",
      { reason: "wamp.error.unavailable", text: undefined },
      "authenticator-unavailable",
    ],
    ["does not answer in time", "return new Promise(() => undefined)", FAILED, "authenticator-timeout"],
  ])("that %s counts nothing", async (_what, body, refusal, cause) => {
    await begin(body);
    await notCounted(refusal, cause);
  });

  it.each<[string, string, Refusal, string]>([
    [
      "throws a WampError",
      "throw new globalThis.WampError('com.example.no')",
      { reason: "com.example.no", text: undefined },
      "authenticator-error",
    ],
    ["answers false", "return false", FAILED, "authenticator-answer"],
    ["throws what is no WampError", "throw new Error('the ticket is wrong')", FAILED, "authenticator-failed"],
  ])("that %s has decided: it counts", async (_what, body, refusal, cause) => {
    await begin(body);
    await counted(refusal, cause);
  });
});

describe("a web server", () => {
  const block = (more: object = {}) =>
    beside({ type: "http", url, secret: "0123456789012345", retries: 0, timeout: 2000, ...more });
  const says = (status: number, body = ""): void => {
    does = (response) => void response.writeHead(status).end(body);
  };

  it("that cannot be reached counts nothing, also when it is taken to be down", async () => {
    await start(block());
    server?.close();
    for (let i = 0; i < 6; i++) expect(await refusalOf("joe", "guess")).toEqual(FAILED);
    expect(running?.log.text()).toContain("the web server is down");
    expect(await refusalOf("service", "right")).toBeNull();
  });

  it.each([500, 503, 302])("that answers with status %i counts nothing", async (status) => {
    says(status);
    await start(block());
    await notCounted(FAILED, "authenticator-unavailable");
  });

  it("that does not answer in time counts nothing", async () => {
    does = () => undefined;
    await start(block({ timeout: 30 }));
    await notCounted(FAILED, "authenticator-timeout");
  });

  it.each<[number, string, Refusal, string]>([
    [401, "", DENIED, "authenticator-error"],
    [403, '{"error":"com.example.no"}', { reason: "com.example.no", text: undefined }, "authenticator-error"],
    [403, '{"error":"no uri"}', FAILED, "authenticator-answer"],
    [404, "", DENIED, "unknown-authid"],
    [200, "false", FAILED, "authenticator-answer"],
  ])("that answers with status %i and %j has decided: it counts", async (status, body, refusal, cause) => {
    says(status, body);
    await start(block());
    await counted(refusal, cause);
  });
});

describe("tokens", () => {
  const block = () =>
    beside({
      ...{ type: "jwt", issuer: "https://id.example.com", audience: "wampgate", algorithms: ["EdDSA"], cooldown: 0 },
      ...{ keys: { jwks: url }, claims: { role: "role" } },
    });
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const token = `${part({ alg: "EdDSA" })}.${part({ iss: "https://id.example.com" })}.AAAA`;

  it("whose keys cannot be had count nothing", async () => {
    does = (response) => void response.writeHead(500).end();
    await start(block());
    for (let i = 0; i < 3; i++) expect(await refusalOf("joe", token)).toEqual(FAILED);
    expect(await refusalOf("service", "right")).toBeNull();
  });

  it("that are not good count", async () => {
    const { publicKey } = generateKeyPairSync("ed25519");
    does = (response) => void response.end(JSON.stringify({ keys: [publicKey.export({ format: "jwk" })] }));
    await start(block());
    for (let i = 0; i < 2; i++) expect(await refusalOf("joe", token)).toEqual(DENIED);
    await expectHeldBack("joe", token);
  });
});

describe("a database", () => {
  const query = "select login, hash, role from users where login = :authid";
  const block = (more: object = {}): object =>
    beside({
      ...{ type: "sql", client: "sqlite", connection: join(folder, "users.db"), query, timeout: 5000 },
      ...{ columns: { authid: "login", "password-hash": "hash", role: "role" }, ...more },
    });
  function fill(...statements: readonly string[]): void {
    const database = new Libsql(join(folder, "users.db"));
    for (const statement of statements) database.exec(statement);
    database.close();
  }
  const TABLE = "create table users (login text, hash text, role text)";

  it("that cannot be reached counts nothing, also when it is taken to be down", async () => {
    server?.close();
    await start(block({ client: "pg", connection: url.replace("http:", "postgresql:") }));
    for (let i = 0; i < 6; i++) expect(await refusalOf("joe", "guess")).toEqual(FAILED);
    expect(await refusalOf("service", "right")).toBeNull();
  });

  it("that refuses the query counts nothing", async () => {
    fill("create table other (login text)");
    await start(block());
    await notCounted(FAILED, "authenticator-unavailable");
  });

  it("whose row cannot be used counts nothing: it knows no proof", async () => {
    fill(TABLE, "insert into users values ('joe', 'no hash', x'ff')");
    await start(block());
    await notCounted(FAILED, "bad-row");
  });

  it("whose row has the hash of another ticket counts", async () => {
    fill(TABLE, `insert into users values ('joe', '${await hashSecret("right")}', 'user')`);
    await start(block());
    await counted(DENIED, "wrong-proof");
  });
});

describe("codes whose store is down", () => {
  const principals = { joe: { seed: "CACKN3GRF3KQZMEK", role: "user" } };
  const store = { type: "module", module: "./store.mjs" };
  const failing = "() => Promise.reject(new Error('no connection'))";

  beforeEach(() =>
    writeFile(
      join(folder, "store.mjs"),
      `export default () => Object.assign(new Map(), { get: ${failing}, set: ${failing} });`,
    ),
  );

  async function byCode(): Promise<unknown> {
    const client = await connectRaw(running?.url ?? "");
    client.hello({ authid: "joe", authmethods: ["totp"] });
    await client.expect(Code.CHALLENGE);
    client.authenticate("123456");
    return (await client.aborted()).reason;
  }

  it("count nothing where they are the only proof", async () => {
    await start({ ticket: STATIC.ticket, totp: { type: "static", principals, store } });
    for (let i = 0; i < 2; i++) expect(await byCode()).toBe(DENIED.reason);
    expect(running?.log.lines.at(-1)?.fields["cause"]).toBe("no-store");
    expect(await refusalOf("service", "right")).toBeNull();
  });

  it.each(["right", "wrong"])(
    "count after a password that is %s: what is not counted would tell that it is right",
    async (password) => {
      const joe = { ticket: "right", role: "user", then: "totp" };
      const ticket = { type: "static", principals: { ...STATIC.ticket.principals, joe } };
      await start({ ticket, totp: { type: "static", alone: false, principals, store } });
      for (let i = 0; i < 2; i++) expect(await refusalOf("joe", password, "123456")).toEqual(DENIED);
      await expectHeldBack("joe", password, "123456");
    },
  );
});

describe("a second factor whose source is down", () => {
  const seeds = { type: "dynamic", authenticator: AUTHENTICATOR, "authenticator-realm": "realm1", alone: false };

  it.each(["right", "wrong"])("counts after a password that is %s", async (password) => {
    const joe = { ticket: "right", role: "user", then: "totp" };
    const ticket = { type: "static", principals: { ...STATIC.ticket.principals, joe } };
    await start({ ticket, totp: seeds });
    for (let i = 0; i < 2; i++) expect(await refusalOf("joe", password, "123456")).toEqual(DENIED);
    await expectHeldBack("joe", password, "123456");
  });

  it("counts nothing where the first factor's source was down already", async () => {
    const first = { ...seeds, alone: undefined, then: "totp" };
    await start({ ticket: [STATIC.ticket, first], totp: { ...seeds } });
    for (let i = 0; i < 2; i++) expect(await refusalOf("joe", "x", "123456")).toEqual(DENIED);
    expect(await refusalOf("service", "right")).toBeNull();
  });
});
