import type { SessionPort } from "../../contract/session-port.ts";
import type { Message, MessageOf } from "../../wamp/messages.ts";
import { ByteBudget } from "../byte-budget.ts";
import { Member } from "../member.ts";
import { RealmMeter } from "../meter.ts";
import type { RealmOptions } from "../settings.ts";
import { Dealer } from "./dealer.ts";

const options = {
  now: {
    "max-pending-calls": 10,
    "max-registrations": 10,
    "max-bytes": 1e6,
    "max-bytes-per-session": 1e6,
    "disclose-me": "allow",
  } as RealmOptions,
};

/** A session that keeps what it is sent. @param node where it is, if that is another node */
function session(id: number, node: Member | null = null): { member: Member; sent: Message[] } {
  const sent: Message[] = [];
  const port = {
    info: { session: id, authid: "joe", authrole: "user", authmethod: "test", roles: {} },
    service: false,
    backlog: 0,
    send: (message: Message) => sent.push(message),
  } as unknown as SessionPort;
  return { member: new Member(port, null, node), sent };
}

/** A procedure that a callee of another node and one of this node share; the first one is chosen first. */
function start(meter: RealmMeter | null = null) {
  const dealer = new Dealer(
    options,
    new ByteBudget(options),
    { guards: () => false, mayTakeOver: () => false, forbids: () => false },
    () => {
      throw new Error("there are no meta events here");
    },
  );
  dealer.measure(meter);
  const [caller, node, here] = [session(1), session(0), session(2)];
  for (const { member } of [caller, node, here]) dealer.join(member);
  const there = session(3, node.member);
  const claimed = { id: 1, uri: "wamp.test", match: "exact", invoke: "first", created: new Date() } as const;
  const shared = { concurrency: 0, discloseCaller: false, forwardTimeout: false, running: 0, denials: null };
  for (const [order, { member }] of [there, here].entries())
    dealer.registrar.registrations.addClaimed(claimed, { ...shared, member, order });
  const call = { type: "CALL", request: 1, options: {}, procedure: "wamp.test" } as const;
  dealer.call(caller.member, call, { allow: true });
  return { dealer, caller, node, here, there };
}

it("a call that a callee on another node refuses goes to the next one, and its caller sees no difference", () => {
  const { dealer, caller, node, here, there } = start();
  expect(there.sent).toMatchObject([{ type: "INVOCATION", request: 1 }]);
  dealer.refused(node.member, 1, "full");
  const [invocation] = here.sent as MessageOf<"INVOCATION">[];
  dealer.yield(here.member, { type: "YIELD", request: invocation?.request ?? 0, options: {} });
  expect(caller.sent).toMatchObject([{ type: "RESULT", request: 1 }]);
  expect(there.sent).toHaveLength(1);
});

it("a call that is refused stays pending while another callee is chosen, and is counted as no error", async () => {
  const meter = new RealmMeter(() => undefined);
  const { dealer, node, here } = start(meter);
  let isQuiet = false;
  const quiet = dealer.ending.whenQuiet().then(() => (isQuiet = true));
  dealer.refused(node.member, 1, "not-here");
  await new Promise(setImmediate);
  expect([isQuiet, dealer.ending.pending, meter.errors]).toEqual([false, 1, 0]);
  dealer.yield(here.member, { type: "YIELD", request: 1, options: {} });
  await quiet;
  expect(dealer.ending.pending).toBe(0);
});

it("a call that all callees refuse fails with what they said", () => {
  const { dealer, caller, node, here } = start();
  here.member.hasLeft = true;
  dealer.refused(node.member, 1, "full");
  expect(caller.sent).toMatchObject([{ type: "ERROR", request: 1, error: "wamp.error.no_available_callee" }]);
  expect(dealer.ending.pending).toBe(0);
});
