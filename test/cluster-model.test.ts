import { MemoryCarriers } from "@wampgate/cluster";
import fc from "fast-check";
import { LONG, runs, SEED } from "../jest/runs.ts";
import { steps } from "./model/steps.ts";
import { CLIENTS, World } from "./model/world.ts";
import { type Parties, startParties } from "./support/party.ts";

// What a client of one router may rely on, it may rely on with three nodes: the same random sequences as for one router, with
// a client on each node, and messages between nodes that take their time.

const REALMS = [
  { name: "realm1", roles: [{ name: "user", "allow-by-default": true }], options: { "request-ids": "strict" } },
];

/** Numbers from 0 to `most` that look random, and are the same each time. */
function numbers(most: number): () => number {
  let state = SEED;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * (most + 1));
  };
}

it(
  "whatever clients of three nodes do in whatever order, each sees what one router would show it",
  async () => {
    const next = numbers(9);
    // Most messages take one turn of the event loop, and some a millisecond more.
    const delay = (): number => (next() === 0 ? 1 : 0);
    const network = new MemoryCarriers({ delay, link: { heartbeat: 60_000, "dead-after": 600_000 } });
    const nodes: Parties[] = [];
    for (const name of ["a", "b", "c"]) nodes.push(await startParties(REALMS, undefined, { network, name }));
    const join = (client: number) => (nodes[client] as Parties).join();
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(steps, { minLength: 2, maxLength: 12 }), async (sequence) => {
          const world = new World(join, () => network.quiet(), "each");
          for (const client of CLIENTS) world.parties[client] = await join(client);
          try {
            for (const run of sequence) {
              await run(world);
              await world.settle();
              world.forgetTheGone();
            }
          } finally {
            for (const party of world.parties) party.vanish();
          }
          await network.quiet();
          for (const client of CLIENTS) {
            const last = await join(client);
            expect(await last.ask("wamp.session.count")).toBe(1);
            for (const api of ["subscription", "registration"])
              expect(await last.ask(`wamp.${api}.list`)).toEqual({ exact: [], prefix: [], wildcard: [] });
            last.vanish();
            await network.quiet();
          }
        }),
        runs(500),
      );
    } finally {
      for (const node of nodes) await node.close();
    }
  },
  LONG ? 24 * 3600_000 : 120_000,
);
