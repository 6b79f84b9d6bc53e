import { getEventListeners } from "node:events";
import { setImmediate } from "node:timers/promises";
import { CapturedLog } from "@wampgate/plugin-testkit";
import type { Registration, Subscription } from "../../contract/local-session.ts";
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

describe("a signal", () => {
  const nothing = (): void => undefined;
  const enough = new Error("enough");
  const held = ({ signal }: AbortController): number => getEventListeners(signal, "abort").length;

  it("that has fired before keeps a request from being sent", async () => {
    const { session, sent } = joined();
    const signal = AbortSignal.abort(enough);
    await expect(session.call("com.a", [], {}, { signal })).rejects.toBe(enough);
    await expect(session.subscribe("com.a", nothing, { signal })).rejects.toBe(enough);
    await expect(session.register("com.a", nothing, { signal })).rejects.toBe(enough);
    expect(sent).toEqual([]);
  });

  it("stays in the process, and other options go with the request", async () => {
    const { session, sent } = joined();
    const { signal } = new AbortController();
    const asked = [
      session.call("com.a", [], {}, { signal, timeout: 5 }),
      session.subscribe("com.a", nothing, { signal, match: "prefix" }),
      session.register("com.a", nothing, { signal, invoke: "single" }),
    ];
    session.leave();
    await Promise.allSettled(asked);
    expect(sent).toMatchObject([
      { options: { timeout: 5 } },
      { options: { match: "prefix" } },
      { options: { invoke: "single" } },
    ]);
    expect(JSON.stringify(sent)).not.toContain("signal");
  });

  it("cancels a call, which rejects with its reason, and a later answer changes nothing", async () => {
    const { session, port, sent } = joined();
    const control = new AbortController();
    const call = session.call("com.a", [], {}, { signal: control.signal });
    control.abort(enough);
    await expect(call).rejects.toBe(enough);
    expect(sent.slice(1)).toEqual([{ type: "CANCEL", request: 1, options: { mode: "killnowait" } }]);
    port.send({ type: "RESULT", request: 1, details: {}, payload: text(1) });
    await setImmediate();
    expect(sent).toHaveLength(2);
  });

  it("that fires after the answer of a call sends nothing: it was let go of", async () => {
    const { session, port, sent } = joined();
    const control = new AbortController();
    const call = session.call<number>("com.a", [], {}, { signal: control.signal });
    port.send({ type: "RESULT", request: 1, details: {}, payload: text(7) });
    expect((await call).toFixed(1)).toBe("7.0");
    expect(held(control)).toBe(0);
    control.abort(enough);
    expect(sent).toHaveLength(1);
  });

  it("ends a subscription and a registration", async () => {
    const { session, port, sent } = joined();
    const control = new AbortController();
    const { signal } = control;
    const got: unknown[] = [];
    const asked = [
      session.subscribe("com.a", () => void got.push(1), { signal }),
      session.register("com.a", nothing, { signal }),
    ];
    port.send({ type: "SUBSCRIBED", request: 1, subscription: 5 });
    port.send({ type: "REGISTERED", request: 2, registration: 6 });
    await Promise.all(asked);
    control.abort(enough);
    expect(sent.slice(2)).toEqual([
      { type: "UNSUBSCRIBE", request: 3, subscription: 5 },
      { type: "UNREGISTER", request: 4, registration: 6 },
    ]);
    port.send({ type: "EVENT", subscription: 5, publication: 7, details: {}, payload: text(1) });
    await setImmediate();
    expect(got).toEqual([]);
  });

  it("that fires before their answer rejects them at once, and ends them when the answer comes", async () => {
    const { session, port, sent } = joined();
    const control = new AbortController();
    const { signal } = control;
    const asked = [session.subscribe("com.a", nothing, { signal }), session.register("com.a", nothing, { signal })];
    control.abort(enough);
    expect(await Promise.allSettled(asked)).toEqual(asked.map(() => ({ status: "rejected", reason: enough })));
    expect(sent).toHaveLength(2);
    port.send({ type: "SUBSCRIBED", request: 1, subscription: 5 });
    port.send({ type: "REGISTERED", request: 2, registration: 6 });
    await setImmediate();
    expect(sent.slice(2)).toMatchObject([
      { type: "UNSUBSCRIBE", subscription: 5 },
      { type: "UNREGISTER", registration: 6 },
    ]);
  });

  it("is let go of by what has ended in another way: by itself, by the router, by leaving, by an ERROR", async () => {
    const { session, port } = joined();
    const control = new AbortController();
    const { signal } = control;
    const asked = ["com.a", "com.b", "com.c"].map((uri) => [
      session.subscribe(uri, nothing, { signal }),
      session.register(uri, nothing, { signal }),
    ]);
    const refused = session.subscribe("com.d", nothing, { signal });
    for (const id of [1, 3, 5]) {
      port.send({ type: "SUBSCRIBED", request: id, subscription: id });
      port.send({ type: "REGISTERED", request: id + 1, registration: id });
    }
    port.send(error(32, 7));
    await expect(refused).rejects.toThrow("go away");
    const [[subscription, registration] = []] = await Promise.all(asked.map((pair) => Promise.all(pair)));
    expect(held(control)).toBe(6);
    const ending = [
      session.unsubscribe(subscription as Subscription),
      session.unregister(registration as Registration),
    ];
    port.send({ type: "UNSUBSCRIBED", request: 8 });
    port.send({ type: "UNREGISTERED", request: 9 });
    await Promise.all(ending);
    expect(held(control)).toBe(4);
    port.send({ type: "UNSUBSCRIBED", request: 0, details: { subscription: 3 } });
    port.send({ type: "UNREGISTERED", request: 0, details: { registration: 3 } });
    await setImmediate();
    expect(held(control)).toBe(2);
    session.leave();
    expect(held(control)).toBe(0);
  });

  it("that cannot end what it should have ended leaves a line in the log", async () => {
    const { session, port, log } = joined();
    const control = new AbortController();
    const registering = session.register("com.a", nothing, { signal: control.signal });
    port.send({ type: "REGISTERED", request: 1, registration: 6 });
    await registering;
    control.abort(enough);
    port.send(error(66, 2));
    await setImmediate();
    expect(log.text()).toContain("a signal could not end what it should have ended");
  });
});

it("to end a registration or a subscription again, or after the session has left, does nothing", async () => {
  const { session, port, sent } = joined();
  const asked = [session.register("com.a", () => undefined), session.register("com.b", () => undefined)] as const;
  const subscribing = session.subscribe("com.a", () => undefined);
  port.send({ type: "REGISTERED", request: 1, registration: 5 });
  port.send({ type: "REGISTERED", request: 2, registration: 6 });
  port.send({ type: "SUBSCRIBED", request: 3, subscription: 7 });
  const [one, other] = await Promise.all(asked);
  const subscription = await subscribing;
  const ending = [one.unregister(), one[Symbol.asyncDispose]()];
  port.send({ type: "UNREGISTERED", request: 4 });
  await Promise.all(ending);
  expect(sent.slice(3)).toMatchObject([{ type: "UNREGISTER", registration: 5 }]);
  await session[Symbol.asyncDispose]();
  expect(session.isOpen).toBe(false);
  await other[Symbol.asyncDispose]();
  await subscription[Symbol.asyncDispose]();
  expect(sent).toHaveLength(4);
});
