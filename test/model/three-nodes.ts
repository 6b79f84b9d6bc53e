import { MemoryCarriers } from "@wampgate/cluster";
import fc from "fast-check";
import { numbers } from "../../jest/numbers.ts";
import { LONG, runs, SEED } from "../../jest/runs.ts";
import { type Parties, startParties } from "../support/party.ts";
import { type Step, steps } from "./steps.ts";
import { CLIENTS, World } from "./world.ts";

// What a client of one router may rely on, it may rely on with three nodes: the same random sequences as for one router, with
// a client on each node, and messages between nodes that take their time.

/** How many test files share the sequences, so that Jest runs them in several processes. */
export const PARTS = 4;

/** How many sequences all of them run: see docs/testing.md. */
const SEQUENCES = Number(process.env["WAMPGATE_MODEL"] ?? 500);

const REALMS = [
  { name: "realm1", roles: [{ name: "user", "allow-by-default": true }], options: { "request-ids": "strict" } },
];

/** Three linked nodes, with a client on each for each sequence. */
export class ThreeNodes {
  readonly #network: MemoryCarriers;
  readonly #nodes: Parties[] = [];

  private constructor(seed: number) {
    const next = numbers(10, seed);
    // Most messages take one turn of the event loop, and some a little more.
    const delay = (): number => (next() < 1 ? 0.2 : 0);
    this.#network = new MemoryCarriers({ delay, link: { heartbeat: 60_000, "dead-after": 600_000 } });
  }

  static async start(seed: number): Promise<ThreeNodes> {
    const started = new ThreeNodes(seed);
    const network = started.#network;
    for (const name of ["a", "b", "c"]) started.#nodes.push(await startParties(REALMS, undefined, { network, name }));
    return started;
  }

  /** Runs a sequence, and looks after each step whether each client sees what one router would show it. */
  async run(sequence: readonly Step[]): Promise<void> {
    const join = (client: number) => (this.#nodes[client] as Parties).join();
    const world = new World(join, () => this.#network.quiet(), "each");
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
    await this.#network.quiet();
    for (const client of CLIENTS) {
      const last = await join(client);
      expect(await last.ask("wamp.session.count")).toBe(1);
      for (const api of ["subscription", "registration"])
        expect(await last.ask(`wamp.${api}.list`)).toEqual({ exact: [], prefix: [], wildcard: [] });
      last.vanish();
      await this.#network.quiet();
    }
  }

  async close(): Promise<void> {
    for (const node of this.#nodes) await node.close();
  }
}

/** The test of one of the files. @param part from 0 on */
export function testThreeNodes(part: number): void {
  it(
    "whatever clients of three nodes do in whatever order, each sees what one router would show it",
    async () => {
      const seed = SEED + part;
      const nodes = await ThreeNodes.start(seed);
      try {
        await fc.assert(
          fc.asyncProperty(fc.array(steps, { minLength: 2, maxLength: 12 }), (sequence) => nodes.run(sequence)),
          { ...runs(Math.ceil(SEQUENCES / PARTS)), seed },
        );
      } finally {
        await nodes.close();
      }
    },
    LONG ? 24 * 3600_000 : 60_000 + 100 * SEQUENCES,
  );
}
