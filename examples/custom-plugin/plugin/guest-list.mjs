import { readFile } from "node:fs/promises";
import { credential, defineStrategy, unknown, z } from "@wampgate/core";

/** A line of the list: what methods check a guest by, and what the guest gets. */
const guests = z.record(z.string(), z.looseObject({ role: z.string() }));

/**
 * The strategy `guest-list`: principals in a JSON file that is read at each login, so that it can be changed while the
 * router runs. It serves any method: `ticket` takes a guest's `ticket`, `knock` its `knock`.
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
