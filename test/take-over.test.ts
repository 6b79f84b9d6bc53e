import { Code } from "@wampgate/core";
import { type Parties, type Party, startParties } from "./support/party.ts";

// Crossbar's option force_reregister takes a procedure from another session. That needs more than the right to register.

const may = (allow: object): object => ({ permissions: [{ uri: "com.", match: "prefix", allow }] });
const ROLES = [
  { name: "user", "allow-by-default": true },
  { name: "admin", ...may({ register: true, "force-reregister": true }) },
  { name: "asked", authorizer: "com.authorize" },
  { name: "authorizer", permissions: [{ uri: "com.authorize", allow: { register: true } }] },
];

let router: Parties;
let holder: Party;
let registration: number;

beforeEach(async () => {
  router = await startParties([{ name: "realm1", roles: ROLES }]);
  holder = await router.join({ authid: "bank" });
  registration = await holder.register("com.proc");
});
afterEach(() => router.close());

const takeOver = (party: Party): number => party.request(Code.REGISTER, { force_reregister: true }, "com.proc");

async function expectRefusal(party: Party): Promise<void> {
  takeOver(party);
  expect(await party.error()).toMatchObject({ uri: "wamp.error.not_authorized" });
  await holder.hearsNothing();
  holder.call("com.proc");
  expect(await holder.invocation()).toMatchObject({ registration });
}

it("another user may not take a procedure over, though it may register it", async () => {
  await expectRefusal(await router.join({ authid: "mallory" }));
});

it("a session of the same authid and another role may not", async () => {
  await expectRefusal(
    await router.join({ authid: "bank", role: "asked" }).then(async (party) => {
      const authorizer = await router.join({ authid: "authorizer", role: "authorizer" });
      await authorizer.register("com.authorize");
      void authorizer.invocation().then(({ id }) => authorizer.yield(id, {}, [true]));
      return party;
    }),
  );
});

it("a rule with force-reregister lets another user take it over", async () => {
  const admin = await router.join({ authid: "ada", role: "admin" });
  takeOver(admin);
  await admin.next(Code.REGISTERED);
  expect(await holder.next(Code.UNREGISTERED)).toMatchObject([0, { registration }]);
});

it("sessions that came in anonymously are never the same user", async () => {
  const anonymous = async (): Promise<Party> => {
    const client = router.connect();
    client.hello({ authid: "fixed", authmethods: ["anonymous"], authextra: { role: "user", method: "anonymous" } });
    return new (holder.constructor as typeof Party)(client, await client.welcomed());
  };
  const first = await anonymous();
  await first.register("com.other");
  const second = await anonymous();
  second.request(Code.REGISTER, { force_reregister: true }, "com.other");
  expect(await second.error()).toMatchObject({ uri: "wamp.error.not_authorized" });
});
