import { inspect } from "node:util";
import fc from "fast-check";
import { type CheckedClient, hashSecret, SecretHash } from "@wampgate/core";
import { runs } from "../../../jest/runs.ts";
import { kept, type Kept, decoyCheck } from "./ticket-check.ts";

const client: CheckedClient = {
  transport: { peer: "tcp4:192.0.2.1:17185" },
  signal: new AbortController().signal,
};

const HASH = await hashSecret("hashed ticket");
const CHEAP = HASH.replace("ln=15", "ln=12");
const OTHER = HASH.replace("ln=15", "ln=13");

/** What a check costs: each scrypt that it runs, in order. */
async function costOf(check: Kept["principals"][string]["check"]): Promise<string[]> {
  const costs: string[] = [];
  const original = Object.getOwnPropertyDescriptor(SecretHash.prototype, "fits")?.value as SecretHash["fits"];
  SecretHash.prototype.fits = function () {
    costs.push(this.cost);
    return Promise.resolve(false);
  };
  try {
    await check.fits("anything", client);
  } finally {
    SecretHash.prototype.fits = original;
  }
  return costs;
}

const principal = fc.constantFrom(
  { ticket: "plain ticket" },
  { "ticket-hash": HASH },
  { "ticket-hash": CHEAP },
  { "ticket-hash": OTHER },
);
const principals = fc.dictionary(fc.string(), principal, { minKeys: 1, maxKeys: 6 });

it("all principals of a block cost the same work, and so does an unknown authid", async () => {
  await fc.assert(
    fc.asyncProperty(principals, fc.string(), async (block, unknown) => {
      const own = kept(block);
      const expected = await costOf(decoyCheck(unknown, [own]));
      for (const { check } of Object.values(own.principals)) expect(await costOf(check)).toEqual(expected);
    }),
    runs(100),
  );
});

it("with several blocks, an unknown authid costs what the principals of one of them cost, always of the same one", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(principals, { minLength: 1, maxLength: 3 }), fc.string(), async (blocks, unknown) => {
      const own = blocks.map(kept);
      const again = blocks.map(kept); // as after a restart
      const cost = await costOf(decoyCheck(unknown, own));
      expect(await costOf(decoyCheck(unknown, again))).toEqual(cost);
      const known: string[][] = [];
      for (const block of own) known.push(await costOf(decoyCheck(unknown, [block])));
      expect(known).toContainEqual(cost);
    }),
    runs(100),
  );
});

it("where no ticket is hashed, no login costs a hash", async () => {
  expect(await costOf(decoyCheck("joe", [kept({ joe: { ticket: "plain ticket" } })]))).toEqual([]);
  expect(await costOf(decoyCheck(null, []))).toEqual([]);
});

it("in one block a plain ticket and a hashed one both let in the clients that show them, and no others", async () => {
  const { joe, ann } = kept({ joe: { ticket: "plain ticket" }, ann: { "ticket-hash": HASH } }).principals;
  expect(await joe?.check.fits("plain ticket", client)).toBe(true);
  expect(await joe?.check.fits("hashed ticket", client)).toBe(false);
  expect(await ann?.check.fits("hashed ticket", client)).toBe(true);
  expect(await ann?.check.fits(HASH, client)).toBe(false);
  expect(await decoyCheck("eve", []).fits("plain ticket", client)).toBe(false);
});

it("no print of a block shows a ticket or a hash", () => {
  const block = kept({ joe: { ticket: "plain ticket" }, ann: { "ticket-hash": HASH } });
  const shown = inspect(block, { depth: 9, showHidden: true }) + JSON.stringify(block);
  expect(shown).not.toContain("plain ticket");
  expect(shown).not.toContain(HASH.slice(-10));
});
