import { join } from "node:path";
import { hash } from "@node-rs/argon2";
import Libsql from "libsql";
import { describeStrategy } from "@wampgate/plugin-testkit";
import { folderOf } from "../../../jest/folder.ts";
import plugin from "./index.ts";

const folder = await folderOf({ "no.pem": "no certificate" });
const file = join(folder, "users.db");
const database = new Libsql(file);
database.exec("create table users (login text, hash text, role text)");
database.prepare("insert into users values (?, ?, ?)").run("joe", await hash("a secret ticket"), "user");
database.close();

const block = {
  client: "sqlite",
  connection: file,
  query: "select login, hash, role from users where login = :authid",
  columns: { authid: "login", role: "role", "password-hash": "hash" },
};
const bad = (changed: object, path: string) => ({
  block: { ...block, ...changed },
  path: `probe-authenticate.${path}`,
});
const asks = (query: string) => bad({ query }, "query");
const server = (client: string, connection: string) => bad({ client, connection }, "connection");

describeStrategy(
  { describe, it },
  {
    plugin,
    type: "sql",
    block,
    authid: "joe",
    ticket: "a secret ticket",
    badBlocks: [
      bad({ client: "sqlite3" }, "client"),
      bad({ connection: undefined }, "connection"),
      bad({ connection: folder }, "connection"),
      bad({ connection: ":memory:" }, "connection"),
      bad({ connection: "a\0b" }, "connection"),
      server("pg", "mysql://localhost/x"),
      server("pg", "localhost"),
      server("mysql2", "postgresql://localhost/x"),
      bad({ query: undefined }, "query"),
      asks("select login, hash from users"),
      asks("select * from users where login = :authid;"),
      asks("select * from :authid: where login = :authid"),
      asks("select * from users where login = ':authid'"),
      asks("select * from users where login = :login"),
      bad({ columns: undefined }, "columns"),
      bad({ columns: { "password-hash": "hash" } }, "columns.authid"),
      bad({ columns: { authid: "login" } }, "columns"),
      bad({ columns: { authid: "" } }, "columns.authid"),
      bad({ pool: { max: 0 } }, "pool.max"),
      bad({ pool: { min: 1 } }, "pool.min"),
      bad({ timeout: 0 }, "timeout"),
      bad({ "ca-certificates": [join(folder, "no.pem")] }, "ca-certificates[0]"),
      bad({ "decoy-key": "short" }, "decoy-key"),
      bad({ colums: {} }, "colums"),
    ],
  },
);
