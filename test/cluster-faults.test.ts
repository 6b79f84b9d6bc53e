import fc from "fast-check";
import { numbers } from "../jest/numbers.ts";
import { LONG, runs } from "../jest/runs.ts";
import { type FaultyCluster as Cluster, FaultyCluster, NODES, PROCEDURES, TOPICS } from "./model/faulty-cluster.ts";

// Random sequences of messages and faults. While there are faults, answers may be errors and events may be lost. But each
// request is answered once, no event comes twice or out of order, and when the faults are over, all is as on one router.

type Step = (cluster: Cluster) => Promise<void> | void;
const step = <T extends unknown[]>(
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  name: string,
  run: (cluster: Cluster, ...values: T) => Promise<void> | void,
): fc.Arbitrary<Step> =>
  fc.tuple(...arbitraries).map((values) =>
    Object.assign((cluster: Cluster) => run(cluster, ...(values as T)), {
      toString: () => `${name}(${values.join()})`,
    }),
  );

const node = fc.nat(NODES.length - 1);
const topic = fc.constantFrom(...TOPICS);
const procedure = fc.constantFrom(...PROCEDURES);

const messages = fc.oneof(
  step<[number, string]>([node, topic], "subscribe", (cluster, at, uri) =>
    cluster.as(at, (client) => client.subscribe(uri)),
  ),
  step<[number, string, boolean]>([node, topic, fc.boolean()], "publish", (cluster, at, uri, acknowledge) =>
    cluster.as(at, (client) => void client.publish(uri, acknowledge)),
  ),
  step<[number, string]>([node, procedure], "register", (cluster, at, uri) =>
    cluster.as(at, (client) => client.register(uri)),
  ),
  step<[number, string]>([node, procedure], "unregister", (cluster, at, uri) =>
    cluster.as(at, (client) => client.unregister(uri)),
  ),
  step<[number, string]>([node, procedure], "call", (cluster, at, uri) =>
    cluster.as(at, (client) => void client.call(uri).catch((error: unknown) => client.problems.push(error))),
  ),
  step<[number]>([node], "replace", (cluster, at) => cluster.replace(at)),
);
const faults = fc.oneof(
  step<[number]>([node], "part", (cluster, at) => cluster.part(at)),
  step([], "heal", (cluster) => cluster.heal()),
  step<[number]>([node], "kill", (cluster, at) => cluster.kill(at)),
  step<[number]>([node], "restart", (cluster, at) => cluster.restart(at)),
);
// Not a wait for something: nodes judge each other by the clock, so how much time passes is a part of the sequence.
const time = step<[number]>(
  [fc.constantFrom(0, 5, 200)],
  "time",
  (_cluster, ms) => new Promise((resolve) => setTimeout(resolve, ms)),
);

const steps = fc.oneof(
  { arbitrary: messages, weight: 8 },
  { arbitrary: faults, weight: 2 },
  { arbitrary: time, weight: 3 },
);

it(
  "whatever faults there are, each request is answered once, no event comes twice or out of order, and afterwards all is well",
  async () => {
    const [slow, lost] = [numbers(10), numbers(300)];
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 25 }), async (sequence) => {
        const cluster = new FaultyCluster(
          () => (slow() < 1 ? 2 : 0),
          () => lost() < 1,
        );
        await cluster.start();
        try {
          for (const run of sequence) {
            await run(cluster);
            await new Promise(setImmediate);
          }
          // As one text: a report of a property cuts long values off.
          expect((await cluster.problems()).map((problem) => JSON.stringify(problem)).join("\n")).toBe("");
        } finally {
          await cluster.close();
        }
      }),
      // Time is part of it, so a shorter sequence would not fail for the same reason.
      { ...runs(25), endOnFailure: true },
    );
  },
  LONG ? 24 * 3600_000 : 120_000,
);
