import { Code } from "@wampgate/core";
import { type Party, startParties } from "./support/party.ts";

// wamp.subscription.list, wamp.registration.list and wamp.subscription.get_events with the arguments of Crossbar's clients.

let running: Awaited<ReturnType<typeof startParties>>;
let [one, other]: Party[] = [];
beforeEach(async () => {
  const role = { name: "user", "allow-by-default": true };
  running = await startParties([
    { name: "realm1", roles: [role], options: { "event-history": [{ uri: "com.kept" }] } },
  ]);
  [one, other] = [await running.join(), await running.join()];
});
afterEach(() => running.close());

async function result(procedure: string, args: unknown[], kwargs = {}): Promise<unknown> {
  (one as Party).call(procedure, {}, args, kwargs);
  return ((await (one as Party).next(Code.RESULT))[2] as unknown[])[0];
}

it("with a session id, the lists have what that session holds; without or with null, what all hold", async () => {
  const own = await (one as Party).subscribe("com.a", { match: "wildcard" });
  const theirs = await (other as Party).subscribe("com.b");
  const procedure = await (other as Party).register("com.c", { match: "prefix" });
  const { id } = one as Party;
  expect(await result("wamp.subscription.list", [id])).toEqual({ exact: [], prefix: [], wildcard: [own] });
  expect(await result("wamp.registration.list", [id])).toEqual({ exact: [], prefix: [], wildcard: [] });
  expect(await result("wamp.registration.list", [(other as Party).id])).toMatchObject({ prefix: [procedure] });
  for (const args of [[], [null]]) {
    expect(await result("wamp.subscription.list", args)).toEqual({ exact: [1, theirs], prefix: [], wildcard: [own] });
    expect(await result("wamp.registration.list", args)).toMatchObject({ prefix: [procedure] });
  }
});

it.each(["wamp.subscription.list", "wamp.registration.list"])(
  "%s of a session that is not there is an error",
  async (list) => {
    (one as Party).call(list, {}, [1]);
    expect((await (one as Party).error()).uri).toBe("wamp.error.no_such_session");
    (one as Party).call(list, {}, ["joe"]);
    expect((await (one as Party).error()).uri).toBe("wamp.error.invalid_argument");
  },
);

it("get_events takes its limit as second argument or by keyword", async () => {
  for (let i = 1; i <= 3; i++) await (other as Party).publish("com.kept", {}, [i]);
  const kept = await result("wamp.subscription.lookup", ["com.kept"]);
  const events = async (...asked: [unknown[], object?]): Promise<unknown[]> =>
    ((await result("wamp.subscription.get_events", ...asked)) as { args: unknown[] }[]).map(({ args }) => args[0]);
  expect(await events([kept])).toEqual([1, 2, 3]);
  expect(await events([kept, 2])).toEqual([1, 2]);
  expect(await events([kept, null])).toEqual([1, 2, 3]);
  expect(await events([kept], { limit: 2, reverse: true })).toEqual([3, 2]);
});
