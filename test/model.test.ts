import fc from "fast-check";
import { runs } from "../jest/runs.ts";
import { steps } from "./model/steps.ts";
import { CLIENTS, World } from "./model/world.ts";
import { startParties } from "./support/party.ts";

// Random sequences of all messages, from several clients: after each, every client must have got what the model says.

it("whatever clients do in whatever order, each sees what the model says, and nothing is left of those who are gone", async () => {
  const router = await startParties([
    { name: "realm1", roles: [{ name: "user", "allow-by-default": true }], options: { "request-ids": "strict" } },
  ]);
  const world0 = (): World => new World(() => router.join());
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 40 }), async (sequence) => {
        const world = world0();
        for (const client of CLIENTS) world.parties[client] = await world.join(client);
        try {
          for (const run of sequence) {
            await run(world);
            await world.settle();
            world.forgetTheGone();
          }
        } finally {
          for (const party of world.parties) party.vanish();
        }
        const last = await router.join();
        expect(await last.ask("wamp.session.count")).toBe(1);
        for (const api of ["subscription", "registration"])
          expect(await last.ask(`wamp.${api}.list`)).toEqual({ exact: [], prefix: [], wildcard: [] });
        last.vanish();
      }),
      runs(300),
    );
  } finally {
    await router.close();
  }
}, 60_000);
