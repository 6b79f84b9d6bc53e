import { readFileSync } from "node:fs";
import { createRouter, type Router, type WampgateConfig } from "@wampgate/core";
import { CapturedLog } from "@wampgate/plugin-testkit";
import ticket from "@wampgate/auth-ticket";
import wampcra from "@wampgate/auth-wampcra";
import plugin from "./index.ts";
import { block } from "./block.ts";
import { isInstalled } from "./check.ts";

const QUERY = "select * from users where login = :authid";
const of = (more: object): object => ({
  ...{ type: "sql", client: "pg", connection: "postgresql://wampgate:secret@127.0.0.1/app", query: QUERY },
  ...{ columns: { authid: "login", "password-hash": "hash" }, "default-role": "user" },
  ...more,
});

function routerOf(auth: object): Promise<Router> {
  const config = {
    plugins: [ticket, wampcra, plugin],
    realms: [{ name: "realm1", roles: [{ name: "user" }] }],
    transports: [{ type: "memory", auth }],
  };
  return createRouter(config as unknown as WampgateConfig, { log: new CapturedLog() });
}

async function checked(auth: object): Promise<string[]> {
  const router = await routerOf(auth);
  return router.warnings.map(({ path, message }) => `${path.slice(4).join(".")}: ${message}`);
}

it.each<[string, object, boolean]>([
  ["another machine", { connection: "postgresql://wampgate:secret@db.example.com/app" }, true],
  ["another machine by mysql2", { client: "mysql2", connection: "mysql://wampgate:secret@192.0.2.1/app" }, true],
  ["another machine with tls", { connection: "postgresql://wampgate:secret@db.example.com/app", tls: true }, false],
  [
    "another machine with sslmode",
    { connection: "postgresql://wampgate@db.example.com/app?sslmode=verify-full" },
    false,
  ],
  ["another machine with ssl", { client: "mysql2", connection: "mysql://wampgate@db.example.com/app?ssl={}" }, false],
  ["this machine", {}, false],
  ["this machine by IPv6", { connection: "postgresql://wampgate:secret@[::1]/app" }, false],
  ["a socket", { connection: "postgresql:///app?host=/run/postgresql" }, false],
])("check warns where hashes come over a network without TLS, from %s", async (_, more, warns) => {
  const warnings = await checked({ ticket: of(more) });
  const text = "connection: what proofs are checked with comes over a network without TLS: turn on tls";
  expect(warnings).toEqual(warns ? [text] : []);
});

it("a config with columns that a method has no use for, or without those that it needs, is refused", async () => {
  const wrong = checked({ wampcra: of({}) });
  await expect(wrong).rejects.toThrow("auth.wampcra.columns: wampcra needs the columns of secret");
  const other = checked({ ticket: of({ columns: { authid: "login", "password-hash": "hash", secret: "secret" } }) });
  await expect(other).rejects.toThrow("auth.ticket.columns.secret: ticket has no use for it; it has authid");
  await expect(other).rejects.not.toThrow("wampgate:secret");
});

it("check alone needs no database: a file of SQLite that is not there is told by check --ask, and by the start", async () => {
  const router = await routerOf({ ticket: of({ client: "sqlite", connection: "/none/users.db" }) });
  expect(await router.check()).toEqual({ problems: [], warnings: [], answered: [] });
  const missing = { path: ["transports", 0, "auth", "ticket", "connection"], message: "there is no such file" };
  expect((await router.check({ ask: true })).problems).toEqual([missing]);
  await expect(router.start()).rejects.toThrow("auth.ticket.connection: there is no such file");
  await router.close();
});

it.each([
  ["select * from users where login = :authid; drop table users", "a query is one statement"],
  ["select * from users where login = :user", "the query has :user, and the parameters are"],
  ["select * from users where login = ':authid'", ":authid is in quotes"],
])("check alone finds what is wrong in a query: %s", async (query, message) => {
  await expect(routerOf({ ticket: of({ query }) })).rejects.toThrow(message);
});

it("a package that is missing is noticed before a client comes", () => {
  expect(["pg", "mysql2", "libsql", "no-package-of-this-name"].map(isInstalled)).toEqual([true, true, true, false]);
});

it("what the README says of the block's keys and defaults is true", () => {
  const own = block.parse({ client: "sqlite", connection: "users.db", query: QUERY, columns: { authid: "login" } });
  expect(own).toMatchObject({ pool: { max: 10 }, timeout: 5000, tls: false, "ca-certificates": [] });
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const rows = [...readme.matchAll(/^\| `([\w-]+)` +\| (?:required|text|mapping|`\{ max|milliseconds|boolean|list)/gm)];
  expect(rows.map(([, key]) => key).sort()).toEqual(Object.keys(block.shape).sort());
});
