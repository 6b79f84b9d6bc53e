import fc from "fast-check";
import { LONG, runs } from "../jest/runs.ts";
import { FaultyCluster } from "./model/faulty-cluster.ts";

// Two nodes register one procedure in the moment in which they find each other again: each may take the other one for gone.

const A_FEW = fc.nat(8);
const meeting = fc.record({
  /** How long the nodes do not reach each other, in milliseconds: they give each other up after 120. */
  parted: fc.integer({ min: 130, max: 250 }),
  /** How long after the first REGISTER the second one comes, and how long after or before them the nodes meet again. */
  between: fc.oneof(fc.constant(0), fc.nat(30)),
  meets: fc.constantFrom("before", "after"),
  pause: fc.oneof(fc.constant(0), A_FEW),
  first: fc.constantFrom(1, 2),
  /** What messages and answers of the arbiter take, in turn, in milliseconds. */
  delays: fc.array(fc.oneof({ arbitrary: fc.constant(0), weight: 2 }, fc.nat(12)), { minLength: 20, maxLength: 60 }),
});

type Meeting = typeof meeting extends fc.Arbitrary<infer T> ? T : never;

// Not a wait for something: when what happens is what is tested.
const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function problemsOf({ parted, between, meets, pause, first, delays }: Meeting): Promise<unknown[]> {
  let next = 0;
  const cluster = new FaultyCluster(
    () => delays[next++ % delays.length] ?? 0,
    () => false,
  );
  try {
    await cluster.start();
    cluster.part(1);
    await pass(parted);
    if (meets === "before") {
      cluster.heal();
      await pass(pause);
    }
    cluster.as(first, (client) => client.register("com.q"));
    await pass(between);
    cluster.as(3 - first, (client) => client.register("com.q"));
    if (meets === "after") await pass(pause);
    return await cluster.problems();
  } finally {
    await cluster.close();
  }
}

it(
  "of two nodes that register one procedure while they meet again one holds it, and each REGISTER is answered",
  async () => {
    // They wait most of the time, so many go on at once.
    const several = fc.array(meeting, { minLength: 12, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(several, async (meetings) => {
        const problems = await Promise.all(meetings.map(problemsOf));
        expect(
          problems
            .flat()
            .map((problem) => JSON.stringify(problem))
            .join("\n"),
        ).toBe("");
      }),
      { ...runs(8), endOnFailure: true },
    );
  },
  LONG ? 24 * 3600_000 : 120_000,
);
