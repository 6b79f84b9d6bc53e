import { setImmediate } from "node:timers/promises";
import { CapturedLog } from "@wampgate/plugin-testkit";
import type { RealmPort } from "../../contract/realm-port.ts";
import type { SessionInfo, SessionPort } from "../../contract/session-port.ts";
import type { Message } from "../../wamp/messages.ts";
import { type Payload, payloadOf } from "../../wamp/payload.ts";
import { InProcessSession } from "./local-session.ts";

/** A session in a realm that answers nothing by itself. */
function joined() {
  const [sent, log]: [Message[], CapturedLog] = [[], new CapturedLog()];
  let port: SessionPort | undefined;
  const realm = {
    join(given: SessionPort) {
      port = given;
      return { receive: (message: Message) => void sent.push(message), leave: () => undefined };
    },
  } as unknown as RealmPort;
  const info = { session: 1, realm: "realm1", transport: { peer: "process" } } as SessionInfo;
  const report = (): void => undefined;
  const session = new InProcessSession(realm, info, { service: false, log, report, ended: () => undefined });
  return { session, sent, log, port: port as SessionPort };
}

/** A payload that fails when it is read. */
const unreadable = {
  values() {
    throw new Error("no such value");
  },
} as unknown as Payload;

const text = (...args: unknown[]): Payload | undefined => payloadOf({ args });
const error = (requestType: number, request: number, payload = text("go away")): Message => {
  return { type: "ERROR", requestType, request, details: {}, error: "com.example.no", payload };
};

it("an ERROR rejects what it answers, with its URI, its values, and its first text as message", async () => {
  const { session, port } = joined();
  const answers = [
    session.call("com.a"),
    session.register("com.a", () => undefined),
    session.subscribe("com.a", () => undefined),
    session.publish("com.a", [], {}, { acknowledge: true }),
  ];
  [48, 64, 32, 16].forEach((type, i) => port.send(error(type, i + 1, text("go away", i))));
  const refused = (i: number) => ({ uri: "com.example.no", message: "go away", args: ["go away", i] });
  const settled = await Promise.allSettled(answers);
  expect(settled).toEqual(
    settled.map((_, i) => ({ status: "rejected", reason: expect.objectContaining(refused(i)) as unknown })),
  );
});

it("an ERROR without a text has its URI as message", async () => {
  const { session, port } = joined();
  const call = session.call("com.a");
  port.send(error(48, 1, text(7)));
  await expect(call).rejects.toMatchObject({ message: "com.example.no", args: [7] });
});

it("an answer that cannot be read rejects what waits for it", async () => {
  const { session, port } = joined();
  const call = session.call("com.a");
  port.send({ type: "RESULT", request: 1, details: {}, payload: unreadable });
  await expect(call).rejects.toThrow("no such value");
});

it("a progressive result that cannot be read rejects its call, and the log says why", async () => {
  const { session, port, log } = joined();
  const call = session.call("com.a", [], {}, {}, () => undefined);
  port.send({ type: "RESULT", request: 1, details: { progress: true }, payload: unreadable });
  await expect(call).rejects.toMatchObject({ uri: "wamp.error.runtime_error" });
  expect(log.text()).toMatch(/RESULT could not be handled by an in-process session.*no such value/);
});

it("an invocation that cannot be read is refused, and a call of the session that has the same number goes on", async () => {
  const { session, port, sent, log } = joined();
  const call = session.call("com.a");
  port.send({ type: "INVOCATION", request: 1, registration: 5, details: {}, payload: unreadable });
  const refused = { type: "ERROR", requestType: 68, request: 1, error: "wamp.error.runtime_error" };
  await setImmediate(); // the refusal has been sent
  port.send({ type: "RESULT", request: 1, details: {}, payload: text(7) });
  await expect(call).resolves.toBe(7);
  expect(sent.slice(1)).toEqual([expect.objectContaining(refused)]);
  expect(log.text()).toContain("INVOCATION could not be handled by an in-process session");
});

it("a handler of progressive results that fails stands in the log, and the call goes on", async () => {
  const { session, port, log } = joined();
  const call = session.call("com.a", [], {}, {}, () => {
    throw new Error("no disk");
  });
  port.send({ type: "RESULT", request: 1, details: { progress: true }, payload: text(1) });
  port.send({ type: "RESULT", request: 1, details: {}, payload: text(2) });
  await expect(call).resolves.toBe(2);
  expect(log.text()).toContain("a handler of progressive results failed");
});

it("registrations and subscriptions are ended by the session as well as by themselves", async () => {
  const { session, port, sent } = joined();
  const registering = session.register("com.a", () => undefined);
  const subscribing = session.subscribe("com.a", () => undefined);
  port.send({ type: "REGISTERED", request: 1, registration: 5 });
  port.send({ type: "SUBSCRIBED", request: 2, subscription: 6 });
  const ending = [session.unregister(await registering), session.unsubscribe(await subscribing)];
  expect(sent.slice(2)).toMatchObject([
    { type: "UNREGISTER", request: 3, registration: 5 },
    { type: "UNSUBSCRIBE", request: 4, subscription: 6 },
  ]);
  port.send({ type: "UNREGISTERED", request: 3 });
  port.send({ type: "UNSUBSCRIBED", request: 4 });
  await Promise.all(ending);
});

it("a session that breaks the protocol leaves, and what it waits for rejects with the reason", async () => {
  const { session, port, log } = joined();
  const call = session.call("com.a");
  port.violation("a word that is none");
  await expect(call).rejects.toThrow("a word that is none (wamp.error.protocol_violation)");
  expect(session.isOpen).toBe(false);
  expect(log.text()).toContain("an in-process session broke the protocol: a word that is none");
});

it("a session that has left takes no request, and what is still on its way to it reaches no handler", async () => {
  const { session, port } = joined();
  const got: unknown[] = [];
  const subscribing = session.subscribe("com.a", (args) => void got.push(args));
  port.send({ type: "SUBSCRIBED", request: 1, subscription: 6 });
  await subscribing;
  port.send({ type: "EVENT", subscription: 6, publication: 7, details: {}, payload: text(1) });
  session.leave();
  await expect(session.call("com.a")).rejects.toMatchObject({ uri: "wamp.error.canceled" });
  expect(got).toEqual([]);
});
