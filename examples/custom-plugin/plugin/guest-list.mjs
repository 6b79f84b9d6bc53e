import { readFile } from "node:fs/promises";
import { credential, defineStrategy, unknown, z } from "@wampgate/core";

/** An entry of the list: the secrets with which methods check a guest, and what the guest gets. */
const guests = z.record(z.string(), z.looseObject({ role: z.string() }));

/**
 * The strategy `guest-list`: principals in a JSON file that is read at each login, so you can change it while the
 * router runs. It works with any method: `ticket` uses a guest's `ticket`, `knock` its `knock`.
 */
export const guestList = defineStrategy({
  type: "guest-list",
  block: z.strictObject({ file: z.string().min(1).describe("a JSON file: authid → role, and what the method needs") }),
  async resolve({ authid }, { file }) {
    const list = guests.parse(JSON.parse(await readFile(file, "utf8")));
    if (authid === null || !Object.hasOwn(list, authid)) return unknown();
    const { role, ...secrets } = list[authid];
    return credential(secrets, { role });
  },
});
