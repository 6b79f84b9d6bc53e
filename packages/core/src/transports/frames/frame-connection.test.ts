import { jest } from "@jest/globals";
import { CapturedLog } from "@wampgate/plugin-testkit";
import { entrySettings } from "../../config/core-schema.ts";
import type { Connection } from "../../contract/connection.ts";
import type { TransportDetails } from "../../contract/hello.ts";
import { noTraffic } from "../../limits/traffic.ts";
import { batched } from "../../serializers/framing.ts";
import { json } from "../../serializers/json/codec.ts";
import type { Message } from "../../wamp/messages.ts";
import { FrameConnection, type Wire } from "./frame-connection.ts";

const nothing = (): void => undefined;
const BATCH = Buffer.from("[49,1,{}]\x1e".repeat(100));

/** A connection that gets batches of JSON, and the state of its wire. @param handle gets each message */
function connectionTo(handle: (message: Message, connection: Connection) => void) {
  const wire = { isPaused: false };
  const methods: Wire = {
    send: nothing,
    close: nothing,
    terminate: nothing,
    pause: () => void (wire.isPaused = true),
    resume: () => void (wire.isPaused = false),
  };
  const subprotocol = { name: "wamp.2.json.batched", serializer: json, framing: () => batched(json) };
  const connection = new FrameConnection({} as TransportDetails, subprotocol, methods, new CapturedLog());
  connection.open({
    accept: (opened) => ({
      message: (message) => handle(message, opened),
      violation: nothing,
      limited: nothing,
      closed: nothing,
    }),
    traffic: noTraffic(),
    limits: entrySettings.parse({}),
  });
  return { connection, wire };
}

/** Each look at the clock costs six milliseconds from now on. */
function slowClock(): void {
  let now = 0;
  jest.spyOn(performance, "now").mockImplementation(() => (now += 6));
}

afterEach(() => jest.restoreAllMocks());
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("a long batch is handled in several turns of the event loop, in order and whole, and nothing is read meanwhile", async () => {
  let count = 0;
  const { connection, wire } = connectionTo(() => count++);
  slowClock();
  connection.received(BATCH, false);
  const first = count;
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(100);
  expect(wire.isPaused).toBe(true);
  connection.received(BATCH, false);
  expect(count).toBe(first);
  while (wire.isPaused) await nextTurn();
  expect(count).toBe(200);
});

it("a session that pauses its connection meanwhile stays paused", async () => {
  let count = 0;
  const { connection, wire } = connectionTo(() => count++);
  slowClock();
  connection.received(BATCH, false);
  const first = count;
  connection.pause();
  await nextTurn();
  expect([count, wire.isPaused]).toEqual([first, true]);
  connection.resume();
  while (wire.isPaused) await nextTurn();
  expect(count).toBe(100);
});

it("a connection that its session closes goes on reading the client's side of the closing", async () => {
  let count = 0;
  const { connection, wire } = connectionTo((_message, opened) => {
    if (++count === 32) opened.close();
  });
  slowClock();
  connection.received(BATCH, false);
  while (count < 32) await nextTurn();
  await nextTurn();
  expect([count, wire.isPaused]).toEqual([32, false]);
});
