import assert from "node:assert/strict";
import { Code, definePlugin, headOf, parseMessage, type Serializer } from "@wampgate/core";
import { FakeClient, type FrameLink } from "./fake-client.ts";
import { OPEN, openMethod } from "./probes.ts";
import { type Runner, withRouter } from "./runner.ts";
import type { TestRouter } from "./test-router.ts";

/** The serializers that every router has. */
const BUILT_IN = ["json", "msgpack", "cbor"];

/** The part of the suite for serializers that has clients of two formats in one router. */
export function throughRouter({ describe, it }: Runner, serializer: Serializer): void {
  const own = definePlugin({ name: "testkit-format", core: "*", serializers: [serializer] });
  const plugins = BUILT_IN.includes(serializer.name) ? [openMethod] : [openMethod, own];

  /** Two clients that have joined: one of this format, one of JSON. */
  const use = (test: (own: FakeClient, other: FakeClient) => Promise<void>): Promise<void> =>
    withRouter({ plugins, auth: OPEN }, async (router) => {
      const clients = [new FakeClient(linkOf(serializer, router)), router.connect()] as const;
      try {
        for (const client of clients) {
          client.hello({ authmethods: Object.keys(OPEN) });
          await client.welcomed();
        }
        await test(...clients);
      } finally {
        clients[0].close();
      }
    });

  describe("in a router, with a client of JSON", () => {
    it("carries events in both directions", () =>
      use(async (ours, theirs) => {
        for (const [publisher, subscriber] of [
          [ours, theirs],
          [theirs, ours],
        ] as const) {
          subscriber.send(Code.SUBSCRIBE, 1, {}, "com.example.topic");
          await subscriber.expect(Code.SUBSCRIBED);
          publisher.send(Code.PUBLISH, 1, {}, "com.example.topic", ["é", 1.5, [null, {}]], { a: { b: true } });
          const [, , , , ...payload] = await subscriber.expect(Code.EVENT);
          assert.deepEqual(payload, [["é", 1.5, [null, {}]], { a: { b: true } }]);
        }
      }));

    it("carries calls, their results and their errors in both directions", () =>
      use(async (ours, theirs) => {
        for (const [caller, callee] of [
          [ours, theirs],
          [theirs, ours],
        ] as const) {
          const procedure = `com.example.${callee === ours ? "ours" : "theirs"}`;
          callee.send(Code.REGISTER, 1, {}, procedure);
          await callee.expect(Code.REGISTERED);
          caller.send(Code.CALL, 2, {}, procedure, [2]);
          const [, first, , , ...asked] = await callee.expect(Code.INVOCATION);
          assert.deepEqual(asked, [[2]]);
          callee.send(Code.YIELD, first, {}, [], { twice: 4 });
          const [, , , ...result] = await caller.expect(Code.RESULT);
          assert.deepEqual(result, [[], { twice: 4 }]);
          caller.send(Code.CALL, 3, {}, procedure);
          const [, second] = await callee.expect(Code.INVOCATION);
          callee.send(Code.ERROR, Code.INVOCATION, second, {}, "com.example.error", ["no"]);
          const [, ...error] = await caller.expect(Code.ERROR);
          assert.deepEqual(error, [Code.CALL, 3, {}, "com.example.error", ["no"]]);
        }
      }));

    it("ends the session of a client that sends broken bytes, and no other", () =>
      use(async (ours, theirs) => {
        ours.sendFrame(Uint8Array.of(0xff, 0xff, 0xff));
        assert.equal((await ours.aborted()).reason, "wamp.error.protocol_violation");
        theirs.send(Code.CALL, 1, {}, "wamp.session.count");
        await theirs.expect(Code.RESULT);
      }));
  });
}

/** A connection in memory whose far end speaks JSON: texts are translated, bytes are sent as they are. */
function linkOf(serializer: Serializer, { router }: TestRouter): FrameLink {
  const wire = router.connect({ protocol: `wamp.2.${serializer.name}` });
  const send = (bytes: Uint8Array): void => wire.send(serializer.binary ? bytes : Buffer.from(bytes).toString());
  const link: FrameLink = {
    send: (frame) =>
      send(typeof frame === "string" ? serializer.encode(parseMessage(JSON.parse(frame) as unknown)) : frame),
    onframe: null,
    onclose: null,
    close: () => wire.close(),
  };
  wire.onframe = (frame) => {
    const message = serializer.decode(Buffer.from(frame as string));
    const { args, kwargs } = ("payload" in message ? message.payload?.values() : undefined) ?? {};
    const payload = kwargs === undefined ? (args === undefined ? [] : [args]) : [args ?? [], kwargs];
    link.onframe?.(JSON.stringify([...headOf(message), ...payload]));
  };
  wire.onclose = () => link.onclose?.();
  return link;
}
