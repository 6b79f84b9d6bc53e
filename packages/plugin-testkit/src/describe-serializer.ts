import assert from "node:assert/strict";
import { ErrorUri, headOf, type Message, parseMessage, type Serializer, WampError } from "@wampgate/core";
import { hostileFrames } from "./hostile-frames.ts";
import type { Runner } from "./runner.ts";
import { contentOf, HEADS, messageOf, UNSAYABLE, VALUES, WRONG } from "./sample-messages.ts";
import { throughRouter } from "./serializer-in-router.ts";

/** A serializer, and what the suite must know of it. */
export interface SerializerSpec {
  readonly serializer: Serializer;
  /**
   * Whether `decode` refuses messages that exceed `maxDepth` or `maxValues`. Default: true. Without it, one byte of a
   * frame may become a hundred bytes of memory: `max-message-size` must be small where strangers use the format.
   */
  readonly counts?: boolean;
}

/** The most bytes that `write` may take besides the payload. */
const HEAD_ROOM = 64;

/** Says in tests of `runner` what every serializer must do, and that this one does. */
export function describeSerializer(runner: Runner, { serializer, counts = true }: SerializerSpec): void {
  const { describe } = runner;
  const it = (name: string, run: () => void): void => runner.it(name, () => Promise.resolve().then(run));

  describe(`the serializer ${serializer.name}`, () => {
    it("has a name that fits a subprotocol, and a number that fits RawSocket's handshake", () => {
      assert.match(serializer.name, /^[a-z0-9_-]+$/);
      const { rawSocketId = 1 } = serializer;
      assert.ok(Number.isInteger(rawSocketId) && rawSocketId >= 1 && rawSocketId <= 15);
    });

    for (const head of HEADS) {
      const message = parseMessage(head);
      it(`gives back ${message.type}`, () => assertSame(decoded(serializer.encode(message)), message));
    }

    for (const [what, value] of VALUES) {
      it(`gives back ${what}, in args, kwargs and options`, () => {
        const message = messageOf("CALL", { args: [value, [value]], kwargs: { key: value }, options: { x: value } });
        assertSame(decoded(serializer.encode(message)), message);
      });
    }

    it("gives back args alone, kwargs alone, both, and none", () => {
      for (const payload of [{ args: [1] }, { kwargs: { a: 1 } }, { args: [1], kwargs: { a: 1 } }, {}]) {
        const message = messageOf("CALL", payload);
        assertSame(decoded(serializer.encode(message)), message);
      }
    });

    it("lets one payload go into many messages, as an event does", () => {
      const sent = messageOf("PUBLISH", { args: ["to all"], kwargs: { n: 7 } });
      const came = decoded(serializer.encode(sent));
      for (const payload of [payloadIn(sent), payloadIn(came)]) {
        for (const type of ["EVENT", "INVOCATION", "EVENT"] as const) {
          const message = { ...messageOf(type, {}), payload } as Message;
          assertSame(decoded(serializer.encode(message)), message);
          assert.deepEqual(contentOf(decoded(serializer.encode(message))).payload, contentOf(sent).payload);
        }
      }
    });

    it("gives a payload that can be kept when its frame's memory is used again", () => {
      const message = messageOf("PUBLISH", { args: ["kept", new Uint8Array([1, 2, 3])], kwargs: { a: ["b"] } });
      const frame = Uint8Array.from(serializer.encode(message));
      const came = decoded(frame);
      const payload = payloadIn(came)?.own();
      frame.fill(0xff);
      assertSame({ ...came, payload }, message);
    });

    it("encodes the tail of a payload: how many elements, and their bytes", () => {
      for (const [values, most] of [
        [{}, 0],
        [{ args: [1] }, 1],
        [{ args: [1], kwargs: { a: 1 } }, 2],
      ] as const) {
        const { count, bytes } = serializer.encodeTail(values);
        assert.ok(count <= most);
        assert.ok(bytes instanceof Uint8Array);
      }
    });

    if (serializer.encodeParts !== undefined) {
      it("gives the same message in pieces", () => {
        for (const message of [...HEADS.map((head) => parseMessage(head)), ...payloads()]) {
          const parts = serializer.encodeParts?.(message) ?? [];
          assertSame(decoded(Buffer.concat(parts.map((part) => Buffer.from(part as string)))), message);
        }
      });
    }

    if (serializer.write !== undefined) {
      it("writes a message within the room that it is given, or not at all", () => {
        for (const message of [...HEADS.map((head) => parseMessage(head)), ...payloads()]) {
          const [before, size] = [16, payloadIn(message)?.tail(serializer).bytes.length ?? 0];
          const room = before + size + HEAD_ROOM;
          const target = Buffer.alloc(room + 16, 0xee);
          const end = serializer.write?.(message, target, before) ?? -1;
          if (end === -1) continue;
          assert.ok(end <= room, `${message.type} took ${end - before} bytes, ${size + HEAD_ROOM} are the most`);
          assertSame(decoded(target.subarray(before, end)), message);
          assert.ok([...target.subarray(0, before), ...target.subarray(room)].every((byte) => byte === 0xee));
        }
      });
    }

    for (const [what, value] of UNSAYABLE) {
      it(`says ${what}, or refuses it with ${ErrorUri.invalidArgument}`, () => {
        const message = messageOf("CALL", { args: [value] });
        for (const encode of [
          () => decoded(serializer.encode(message)),
          () => serializer.encodeTail({ args: [value] }),
        ]) {
          const error = thrownBy(encode);
          if (error !== null) assertWampError(error, ErrorUri.invalidArgument);
        }
      });
    }

    for (const [what, message] of WRONG) {
      it(`refuses ${what} as a protocol violation`, () => {
        const bytes = bytesOf(message, serializer);
        if (bytes !== null)
          assertWampError(
            thrownBy(() => decoded(bytes)),
            ErrorUri.protocolViolation,
          );
      });
    }

    it("answers any bytes with a message or a protocol violation, and with nothing else", () => {
      const frames = [...HEADS.map((head) => parseMessage(head)), ...payloads()].map((message) =>
        serializer.encode(message),
      );
      for (const frame of hostileFrames(frames)) {
        const error = thrownBy(() => payloadIn(decoded(frame))?.values());
        if (error !== null) assertWampError(error, ErrorUri.protocolViolation, frame);
      }
    });

    it("ends at any depth: what is nested too deep is refused, and overflows no stack", () => {
      for (const depth of [200, 50_000]) {
        let value: unknown = 1;
        for (let i = 0; i < depth; i++) value = [value];
        const bytes = bytesOf(messageOf("CALL", { args: [value] }), serializer);
        if (bytes === null) continue;
        const error = thrownBy(() => payloadIn(decoded(bytes))?.values());
        if (error !== null || counts) assertWampError(error, ErrorUri.protocolViolation);
      }
    });

    if (counts) {
      it("keeps the limits max-depth and max-values of its transport", () => {
        const nested = serializer.encode(messageOf("CALL", { args: [[[[[[[[[[1]]]]]]]]]] }));
        decoded(nested, 20);
        assertWampError(
          thrownBy(() => decoded(nested, 5)),
          ErrorUri.protocolViolation,
        );
        const long = serializer.encode(messageOf("CALL", { args: Array.from({ length: 1000 }, (_, i) => i) }));
        decoded(long, 20, 2000);
        assertWampError(
          thrownBy(() => decoded(long, 20, 100)),
          ErrorUri.protocolViolation,
        );
      });
    }

    throughRouter(runner, serializer);
  });

  function decoded(bytes: Uint8Array, maxDepth?: number, maxValues?: number): Message {
    return serializer.decode(bytes, maxDepth, maxValues);
  }
}

/** Messages with each sample value in their payloads. */
function payloads(): Message[] {
  return VALUES.flatMap(([, value]) =>
    (["EVENT", "INVOCATION", "RESULT", "ERROR"] as const).map((type) =>
      messageOf(type, { args: [value], kwargs: { value } }),
    ),
  );
}

function payloadIn(message: Message): Extract<Message, { type: "CALL" }>["payload"] {
  return "payload" in message ? message.payload : undefined;
}

/** The bytes of what may be no message; null if the serializer refuses to encode it. */
function bytesOf(message: Message, serializer: Serializer): Uint8Array | null {
  try {
    return serializer.encode(message);
  } catch (error) {
    if (WampError.is(error)) return null;
    throw error;
  }
}

function assertSame(found: Message, expected: Message): void {
  assert.deepEqual(contentOf(found), contentOf(expected));
  assert.equal(headOf(found).length, headOf(expected).length);
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
    return null;
  } catch (error) {
    return error;
  }
}

function assertWampError(error: unknown, uri: string, frame?: Uint8Array): void {
  const of = frame === undefined ? "" : `, for the frame ${Buffer.from(frame).toString("hex").slice(0, 400)}`;
  assert.ok(error !== null, `expected a WampError ${uri}, but nothing was thrown${of}`);
  assert.ok(
    WampError.is(error),
    `expected a WampError ${uri}, found ${error instanceof Error ? error.message : typeof error}${of}`,
  );
  assert.equal(error.uri, uri);
}
