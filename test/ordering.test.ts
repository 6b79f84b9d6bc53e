import { Code } from "@wampgate/core";
import { connectRaw } from "./support/raw-client.ts";
import { type RunningRouter, startRouter } from "./support/router.ts";
import { type Party as InMemory, Party } from "./support/party.ts";

// The order the spec promises (basic/pubsub and basic/rpc "Ordering Guarantees"), over real sockets, with an authorizer
// that takes its time for some messages and not for others.

const COUNT = 300;
let running: RunningRouter;

beforeAll(async () => {
  const module = async (session: { register: (uri: string, handler: () => unknown) => Promise<unknown> }) => {
    let n = 0;
    await session.register("com.authorize", async () => {
      for (let i = 0; i < n++ % 4; i++) await new Promise((resolve) => setImmediate(resolve));
      return true;
    });
  };
  running = await startRouter({
    realms: [
      {
        name: "realm1",
        roles: [
          { name: "slow", authorizer: "com.authorize" },
          { name: "fast", "allow-by-default": true },
          { name: "authorizer", permissions: [{ uri: "com.authorize", allow: { register: true } }] },
        ],
      },
    ],
    components: [{ module, realm: "realm1", role: "authorizer" }],
    auth: {
      ticket: {
        type: "static",
        principals: { slow: { ticket: "x", role: "slow" }, fast: { ticket: "x", role: "fast" } },
      },
    },
  });
});
afterAll(() => running.close());

async function join(authid: "slow" | "fast"): Promise<InMemory> {
  const client = await connectRaw(running.url);
  client.hello({ authid, authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  client.authenticate("x");
  return new Party(client, await client.welcomed());
}

it.each(["slow", "fast"] as const)("events of one publisher (%s) come in their order, across topics", async (role) => {
  const [publisher, subscriber] = [await join(role), await join("fast")];
  await subscriber.subscribe("com.a");
  await subscriber.subscribe("com.", { match: "prefix" });
  const topics = ["com.a", "com.b", "com.a.c"];
  for (let n = 0; n < COUNT; n++) publisher.request(Code.PUBLISH, {}, topics[n % 3], [n]);
  const seen: number[] = [];
  while (seen.at(-1) !== COUNT - 1) seen.push(((await subscriber.event()).args as number[])[0] ?? -1);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(new Set(seen).size).toBe(COUNT);
  [publisher, subscriber].forEach((party) => party.vanish());
});

it.each(["slow", "fast"] as const)(
  "calls of one caller (%s) reach one callee in their order, across procedures",
  async (role) => {
    const [caller, callee] = [await join(role), await join("fast")];
    await callee.register("com.p");
    await callee.register("com.q.", { match: "prefix" });
    for (let n = 0; n < COUNT; n++) caller.call(n % 2 === 0 ? "com.p" : "com.q.x", {}, [n]);
    for (let n = 0; n < COUNT; n++) expect((await callee.invocation()).args).toEqual([n]);
    [caller, callee].forEach((party) => party.vanish());
  },
);

it("SUBSCRIBED comes before the first event of the subscription, and no event after UNSUBSCRIBED", async () => {
  const [publisher, subscriber] = [await join("fast"), await join("slow")];
  const publishing = setInterval(() => publisher.request(Code.PUBLISH, {}, "com.busy"), 0);
  try {
    let events = 0;
    for (let round = 0; round < 30; round++) {
      const id = await subscriber.subscribe("com.busy");
      for (let i = 0; i < 2; i++, events++) expect((await subscriber.event()).subscription).toBe(id);
      const request = subscriber.request(Code.UNSUBSCRIBE, id);
      let message = await subscriber.client.next();
      for (; message[0] === Code.EVENT; message = await subscriber.client.next()) expect(message[1]).toBe(id);
      expect(message).toEqual([Code.UNSUBSCRIBED, request]);
    }
    expect(events).toBe(60);
  } finally {
    clearInterval(publishing);
    [publisher, subscriber].forEach((party) => party.vanish());
  }
});

it("REGISTERED comes before the first invocation, no invocation after UNREGISTERED, and every call is answered", async () => {
  const [caller, callee] = [await join("fast"), await join("slow")];
  let calls = 0;
  const calling = setInterval(() => calls++ < 5000 && caller.call("com.busy"), 0);
  try {
    for (let round = 0; round < 30; round++) {
      const id = await callee.register("com.busy");
      const first = await callee.invocation();
      expect(first.registration).toBe(id);
      callee.yield(first.id);
      const request = callee.request(Code.UNREGISTER, id);
      let message = await callee.client.next();
      for (; message[0] === Code.INVOCATION; message = await callee.client.next()) callee.yield(message[1] as number);
      expect(message).toEqual([Code.UNREGISTERED, request]);
    }
  } finally {
    clearInterval(calling);
  }
  const last = caller.call("wamp.session.count");
  const answered = new Set<unknown>();
  // The router may answer the last call itself before the callee's last answer has come to it.
  while (answered.size < last) {
    const answer = await caller.client.next();
    answered.add(answer[0] === Code.ERROR ? answer[2] : answer[1]);
  }
  expect([...answered].sort((one, other) => Number(one) - Number(other))).toEqual(
    Array.from({ length: last }, (_, i) => i + 1),
  );
  [caller, callee].forEach((party) => party.vanish());
});
