// Makes the table, and a user in it. `npx wampgate hash-ticket` prints the hash of its ticket.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import Database from "libsql";

const wampgate = join(import.meta.dirname, "../../packages/core/bin/wampgate.js");

/** What `npx wampgate hash-ticket` prints. The ticket comes from stdin: arguments can be seen by others. */
function hashOf(ticket) {
  const command = [wampgate, "hash-ticket", "--plugin", "@wampgate/auth-ticket"];
  return execFileSync(process.execPath, command, { input: `${ticket}\n`, encoding: "utf8" }).trim();
}

const database = new Database(process.env.DATABASE);
database.exec("create table users (login text primary key, hash text not null, role text not null, greeting text)");
database
  .prepare("insert into users (login, hash, role, greeting) values (?, ?, ?, ?)")
  .run("joe", hashOf("secret!!!"), "frontend", '{"greeting":"hello joe"}');
database.close();
