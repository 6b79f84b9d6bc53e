import { codeOf, slotAt } from "./totp.mjs";

const SEEDS = new Map([
  ["tobias1", "CACKN3GRF3KQZMEK"],
  ["user1", "BKIV3FXPRA67N4Q5"],
]);

const fail = (error) => Object.assign(new Error(error), { error });

export default async function authenticator(session) {
  /** The newest slot that each user has logged in with: no code is valid twice. */
  const used = new Map();

  await session.register("com.example.authenticate", ([_realm, authid, { ticket }]) => {
    const seed = SEEDS.get(authid);
    if (seed === undefined) throw fail("com.example.no_such_user");
    const now = slotAt(Date.now());
    // Clocks differ, so the neighbouring slots are valid too.
    const slot = [now - 1, now, now + 1].find((near) => codeOf(seed, near) === ticket);
    if (slot === undefined || slot <= (used.get(authid) ?? 0)) throw fail("com.example.invalid_ticket");
    used.set(authid, slot);
    return { realm: "realm1", role: "frontend" };
  });
}
