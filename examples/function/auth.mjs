// Decides which clients the router lets in. It is loaded at the start, and again at a reload if this file has changed.
import { readFile } from "node:fs/promises";
import { WampError } from "@wampgate/core";

export async function create({ users: file }, { log }) {
  const users = new Map(Object.entries(JSON.parse(await readFile(new URL(file, import.meta.url), "utf8"))));
  log.info({ users: users.size }, "the users are known");
  return (_realm, authid, { ticket }) => {
    const user = users.get(authid);
    if (user === undefined) return null; // the next block is asked
    if (user.ticket !== ticket) throw new WampError("com.example.invalid_ticket", "wrong ticket");
    return { role: user.role, extra: { greeting: `hello ${authid}` } };
  };
}
