import { Code, headOf, type Message, parseMessage, type Serializer, WampError } from "@wampgate/core";
import { cbor } from "../../core/src/serializers/cbor/codec.ts";
import { json } from "../../core/src/serializers/json/codec.ts";
import { msgpack } from "../../core/src/serializers/msgpack/codec.ts";
import { describeSerializer, type SerializerSpec } from "./describe-serializer.ts";

describe("the suite for serializers has nothing against", () => {
  describeSerializer({ describe, it }, { serializer: json });
  describeSerializer({ describe, it }, { serializer: msgpack });
  describeSerializer({ describe, it }, { serializer: cbor });
  describeSerializer({ describe, it }, { serializer: changed({}), counts: false });
});

/** JSON as a plugin would do it at its simplest, under another name; `more` is what is wrong with it. */
function changed(more: Partial<Serializer>): Serializer {
  return {
    name: "plain",
    binary: false,
    decode(bytes) {
      let elements: unknown;
      try {
        elements = JSON.parse(Buffer.from(bytes).toString(), revived);
      } catch {
        throw new WampError("wamp.error.protocol_violation", "the frame is not JSON");
      }
      return parseMessage(elements);
    },
    encode: (message) => bytesOf(() => elementsOf(message)),
    encodeTail: ({ args, kwargs }) => ({
      count: kwargs === undefined ? (args === undefined ? 0 : 1) : 2,
      bytes: bytesOf(() => [args ?? [], kwargs ?? {}]),
    }),
    ...more,
  };
}

function elementsOf(message: Message): unknown[] {
  const { args, kwargs } = ("payload" in message ? message.payload?.values() : undefined) ?? {};
  return [...headOf(message), ...(kwargs === undefined ? (args === undefined ? [] : [args]) : [args ?? [], kwargs])];
}

function bytesOf(elements: () => unknown[]): Uint8Array {
  try {
    return Buffer.from(JSON.stringify(elements(), replaced));
  } catch {
    throw new WampError("wamp.error.invalid_argument", "JSON cannot say this payload");
  }
}

function replaced(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { $bytes: Buffer.from(value).toString("base64") } : value;
}

function revived(_key: string, value: unknown): unknown {
  const bytes = (value as { $bytes?: unknown } | null)?.$bytes;
  return typeof bytes === "string" ? new Uint8Array(Buffer.from(bytes, "base64")) : value;
}

describe("the suite for serializers tells of one that", () => {
  it.each<[what: string, wrong: Partial<Serializer>, test: string]>([
    [
      "throws what its parser throws",
      { decode: (bytes) => parseMessage(JSON.parse(Buffer.from(bytes).toString(), revived)) },
      "answers any bytes with a message or a protocol violation, and with nothing else",
    ],
    [
      "loses kwargs",
      { encode: (message) => bytesOf(() => elementsOf(message).slice(0, headOf(message).length + 1)) },
      "gives back args alone, kwargs alone, both, and none",
    ],
    [
      "does not check its messages",
      {
        decode(bytes) {
          const [code, ...fields] = JSON.parse(Buffer.from(bytes).toString()) as [number, ...unknown[]];
          const [request, options, procedure] = fields;
          return code === Code.CALL
            ? ({ type: "CALL", request, options, procedure } as unknown as Message)
            : parseMessage([code, ...fields]);
        },
      },
      "refuses an id below 0 as a protocol violation",
    ],
    [
      "writes more than its room",
      { write: (_message, target, at) => target.fill("x", at).length },
      "writes a message within the room that it is given, or not at all",
    ],
    [
      "has a name that is no part of a subprotocol",
      { name: "my format" },
      "has a name that fits a subprotocol, and a number that fits RawSocket's handshake",
    ],
  ])("%s", async (_what, wrong, test) => {
    expect(await failuresOf({ serializer: changed(wrong), counts: false })).toContain(test);
  });

  it("does not count, by the tests of its limits alone", async () => {
    expect(await failuresOf({ serializer: changed({}) })).toEqual([
      "ends at any depth: what is nested too deep is refused, and overflows no stack",
      "keeps the limits max-depth and max-values of its transport",
    ]);
  });
});

/** Runs the suite as a test runner would, one test after the other. @returns the names of the tests that failed */
async function failuresOf(spec: SerializerSpec): Promise<string[]> {
  const tests: { name: string; run: () => Promise<void> }[] = [];
  const runner = {
    describe: (_name: string, define: () => void) => {
      define();
    },
    it: (name: string, run: () => Promise<void>) => tests.push({ name, run }),
  };
  describeSerializer(runner, spec);
  const failures: string[] = [];
  for (const { name, run } of tests) await run().catch(() => failures.push(name));
  return failures;
}
