import { Tagged } from "cborg";
import fc from "fast-check";
import { runs } from "../../../../jest/runs.ts";
import type { Message } from "../wamp/messages.ts";
import { RawPayload, type TailCodec, ValuesPayload } from "../wamp/payload.ts";
import { WampError } from "../errors/wamp-error.ts";
import { cbor } from "./cbor/codec.ts";
import { json } from "./json/codec.ts";
import { msgpack } from "./msgpack/codec.ts";
import { Extension } from "./msgpack/extension.ts";
import { HEAD_ROOM } from "./serializer.ts";

// Values that a format cannot carry are refused by a WampError. Any other error of an encoder would end innocent
// sessions, or leave a call without an answer.

const FORMATS = [json, msgpack, cbor] as const;

/** What `run` gives, or the WampError it throws. Anything else that it throws fails the test. */
function orRefused<T>(run: () => T): T | WampError {
  try {
    return run();
  } catch (error) {
    let isWampError = false;
    try {
      isWampError = WampError.is(error);
    } catch {
      // what a getter may throw
    }
    if (isWampError) return error as WampError;
    throw new Error("an encoder threw something else than a WampError", { cause: error });
  }
}

const call = (...args: unknown[]): Message => ({
  type: "CALL",
  request: 1,
  options: {},
  procedure: "a.b",
  payload: new ValuesPayload({ args }),
});

/** Everything that a message of `value` can be asked for: in its payload, in its head, and written straight to memory. */
function encodeEverywhere(value: unknown): void {
  const dict = { value } as Record<string, unknown>;
  for (const format of FORMATS) {
    const bytes = orRefused(() => format.encode(call(value)));
    if (!WampError.is(bytes)) {
      const back = format.decode(bytes, 100, 1e7);
      if (back.type !== "CALL") throw new Error("another message");
      const { args } = back.payload?.values() ?? {};
      expect(args).toHaveLength(1);
    } else expect(bytes.uri).toBe("wamp.error.invalid_argument");
    orRefused(() => format.encodeTail({ args: [], kwargs: dict }));
    orRefused(() => format.encode({ type: "WELCOME", session: 1, details: dict }));
    orRefused(() => format.encodeParts?.({ type: "RESULT", request: 1, details: dict }));
    orRefused(() => format.encodeParts?.(call(value)));
    const event: Message = { type: "EVENT", subscription: 1, publication: 2, details: {} };
    const tail = orRefused(() => format.encodeTail({ args: [value] }));
    const room = WampError.is(tail) ? 0 : tail.bytes.length;
    orRefused(() =>
      format.write?.({ ...event, payload: new ValuesPayload({ args: [value] }) }, Buffer.alloc(room + HEAD_ROOM), 0),
    );
  }
}

const thrower = (what: unknown): object =>
  Object.defineProperty({}, "a", { enumerable: true, get: () => { throw what; } }); // prettier-ignore
function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}
function circle(): unknown[] {
  const list: unknown[] = [];
  list.push(list, list, { list });
  return list;
}
/** Sixty levels of two, which are one and the same. */
function twins(): unknown {
  let value: unknown = [];
  for (let i = 0; i < 60; i++) value = [value, value];
  return value;
}
const inherits = (properties: object): object =>
  Object.create(Object.create(null, Object.getOwnPropertyDescriptors(properties)) as object) as object;

const ODD: Record<string, () => unknown> = {
  "an Invalid Date": () => new Date(NaN),
  "the last date there is": () => new Date(8.64e15),
  "the first date there is": () => new Date(-8.64e15),
  "a date that is none": () => Object.create(Date.prototype) as unknown,
  "a bigint": () => 2n ** 70n,
  "a symbol": () => Symbol("a"),
  "a function": () => () => 1,
  "a class": () => Map,
  "a getter that throws": () => thrower(new Error("a")),
  "a getter that throws a string": () => thrower("a"),
  "a getter that throws a revoked Proxy": () => thrower(revoked({})),
  "a getter that throws nothing": () => thrower(undefined),
  "what makes a text longer than any there can be": () => thrower(new RangeError("Invalid string length")),
  "a revoked Proxy": () => revoked({}),
  "a revoked Proxy of a list": () => revoked([]),
  "a Proxy that throws": () =>
    new Proxy({}, { ownKeys: () => { throw new Error("a"); } }), // prettier-ignore
  "a Proxy without end": () => new Proxy([], { get: (_target, key) => (key === "length" ? 2 ** 40 : 1) }),
  "a list that says it is something else": () => Object.assign([1], { toJSON: () => 1 }),
  "a list that says it is nothing": () => Object.assign([1], { toJSON: () => undefined }),
  "a toJSON that throws": () => Object.assign([], { toJSON: () => { throw new Error("a"); } }), // prettier-ignore
  "a toJSON of the prototype": () => inherits({ toJSON: () => 7 }),
  "a toJSON that is a function of its own": () => ({ toJSON: () => 1 }),
  "a circle": circle,
  "a Map in a circle": () => { const map = new Map(); return map.set(map, map); }, // prettier-ignore
  "a Map of nothing": () => new Map(),
  "a Map of texts": () => new Map([["a", 1]]),
  "a Map of undefined": () => new Map([[undefined, undefined]]),
  "a Map of odd keys": () => new Map<unknown, unknown>([[NaN, 1], [[1], 2], [{ a: 1 }, new Date(0)]]), // prettier-ignore
  "a Map of functions": () => new Map([[1, () => 1]]),
  "a Set": () => new Set([1]),
  "a regular expression": () => /a/,
  "an Error": () => new Error("a"),
  "a Promise": () => Promise.resolve(),
  "an ArrayBuffer": () => new ArrayBuffer(4),
  "a DataView": () => new DataView(new ArrayBuffer(4)),
  "other typed arrays": () => Float64Array.of(1, NaN),
  "big integers in a typed array": () => BigInt64Array.of(1n),
  "bytes that are gone": () => { const bytes = new Uint8Array(4); structuredClone(bytes, { transfer: [bytes.buffer] }); return bytes; }, // prettier-ignore
  "a list full of holes": () => { const list: unknown[] = []; list[50] = 1; return list; }, // prettier-ignore
  "a list of more holes than a format has members": () => Array<unknown>(2 ** 32 - 1),
  "a dictionary without a prototype": () => Object.assign(Object.create(null) as object, { a: 1 }),
  "an object without a class": () => Object.create(Object.create(Object.create(null) as object) as object) as unknown,
  "an object whose class has no name": () => inherits({ constructor: Object.create(null) as object }),
  "an object whose class cannot be read": () =>
    Object.create(Object.create(thrower(new Error("a"))) as object) as unknown,
  "an extension": () => new Extension(5, Buffer.from("abc")),
  "an extension of no type": () => new Extension(300, Buffer.from("abc")),
  "an extension of no bytes": () => new Extension(5, null as unknown as Uint8Array),
  "a timestamp that is no date": () => new Extension(-1, Buffer.alloc(12, 0x7f)),
  "an extension that does not come back": () => new Extension(-1, Buffer.alloc(3)),
  "a tag": () => new Tagged(1, 5),
  "a tag of what cannot be said": () => new Tagged(1, () => 1),
  "a tag in a circle": () => { const tag = new Tagged(1, 5); tag.value = [tag, tag]; return tag; }, // prettier-ignore
  "half a character": () => "\ud800",
  "a text that begins with NUL": () => "\0a",
  "not a number": () => NaN,
  infinity: () => -Infinity,
  "minus zero": () => -0,
  "wrapped primitives": () => [Object(1), Object("a"), Object(1n), Object(Symbol("a"))] as unknown[],
};

it.each(Object.keys(ODD))("%s is encoded or refused by a WampError, in every format and place", (name) => {
  const make = ODD[name] as () => unknown;
  encodeEverywhere(make());
  encodeEverywhere([{ deeper: [make()] }]);
});

it.each(FORMATS)(
  "a list that holds one twice, and that one another, and so on, is refused by $name once it is long",
  (format) => {
    expect(orRefused(() => format.encodeTail({ args: [twins()] }))).toMatchObject({
      message: expect.stringContaining("values)") as string,
    });
  },
);

it("so is anything at all", () => {
  const any = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
    withTypedArray: true,
    withBoxedValues: true,
  });
  const odd = fc.array(fc.constantFrom(...Object.keys(ODD)), { maxLength: 2 });
  fc.assert(
    fc.property(any, odd, (value, names) => {
      encodeEverywhere(value);
      encodeEverywhere([value, ...names.map((name) => ODD[name]?.())]);
    }),
    runs(500),
  );
});

/** `[48, 1, {}, "a.b", [` */
const ONE_ARG = Buffer.from("95300180a3612e6291", "hex");
/** Extensions of a fixed size, by their first byte. */
const FIXED: readonly (readonly [kind: number, size: number])[] = [
  [0xd4, 1],
  [0xd6, 4],
  [0xd7, 8],
  [0xd8, 16],
];

it("what was read in one format is encoded in any other, or refused by a WampError", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    // The payload of a CALL, whatever it is.
    fc
      .uint8Array({ minLength: 1, maxLength: 30 })
      .map((tail) => Buffer.concat([Buffer.from("95300180a3612e6291", "hex"), tail])),
    fc
      .uint8Array({ minLength: 1, maxLength: 30 })
      .map((tail) => Buffer.concat([Buffer.from("85183001a063612e6281", "hex"), tail])),
    fc.json().map((text) => Buffer.from(`[48,1,{},"a.b",[${text}]]`)),
    // Extensions, timestamps among them.
    fc
      .tuple(fc.constantFrom(0, 1, 5, 127, 128, 255), fc.uint8Array({ maxLength: 16 }))
      .map(([type, data]) =>
        Buffer.concat([Buffer.from("95300180a3612e6291c7", "hex"), Buffer.of(data.length, type), data]),
      ),
    fc
      .tuple(fc.constantFrom(...FIXED), fc.uint8Array({ minLength: 16, maxLength: 16 }))
      .map(([[kind, size], data]) => Buffer.concat([ONE_ARG, Buffer.of(kind, 0xff), data.subarray(0, size)])),
  );
  fc.assert(
    fc.property(bytes, (frame) => {
      for (const format of FORMATS) {
        const read = orRefused(() => format.decode(frame));
        if (WampError.is(read)) {
          expect(read.uri).toBe("wamp.error.protocol_violation");
          continue;
        }
        const payload = "payload" in read ? read.payload : undefined;
        if (payload !== undefined) orRefused(() => payload.values());
        for (const other of FORMATS) {
          const crossed = orRefused(() => other.encode(read));
          if (WampError.is(crossed)) expect(crossed.uri).toBe("wamp.error.invalid_argument");
          else if (other !== format) orRefused(() => other.decode(crossed));
        }
      }
    }),
    runs(5000),
  );
});

it("a tail that is none of its format is refused by a WampError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), fc.constantFrom(1 as const, 2 as const), (bytes, count) => {
      for (const codec of [json, msgpack] as TailCodec[]) {
        orRefused(() => codec.decodeTail({ count, bytes }));
        orRefused(() => new RawPayload(codec, count, bytes, 0, bytes.length).tail(cbor));
      }
    }),
    runs(500),
  );
});

describe("a MessagePack timestamp that no date can say", () => {
  /** `[16, 1, {}, "a.b", [timestamp]]`: 2^63 - 1 seconds after 1970. */
  const frame = Buffer.from("95100180a3612e6291c70cff000000007fffffffffffffff", "hex");

  it("passes on to MessagePack peers as it came", () => {
    expect(Buffer.from(msgpack.encode(msgpack.decode(frame)))).toEqual(frame);
  });

  it("can be said in CBOR, and not in JSON", () => {
    expect(Buffer.from(cbor.encode(msgpack.decode(frame))).toString("hex")).toContain("c11b7fffffffffffffff");
    expect(() => json.encode(msgpack.decode(frame))).toThrow(/JSON cannot say \(a time of that many digits\)/);
  });
});

it("extensions pass on between MessagePack peers byte by byte, nanoseconds of a time too", () => {
  for (const hex of ["c7030561626", "d7ff00000004", "d6ff5fffffff", "c70cff00000001fffffffffffffff0", "c70005"]) {
    const value = hex === "c7030561626" ? "c70305616263" : hex === "d7ff00000004" ? "d7ff0000000400000001" : hex;
    const frame = Buffer.from(`95100180a3612e6291${value}`, "hex");
    expect(Buffer.from(msgpack.encode(msgpack.decode(frame))).toString("hex")).toBe(frame.toString("hex"));
  }
});

it("every date is the same again after MessagePack, and ISO text in JSON", () => {
  const date = fc.oneof(
    fc.date(),
    fc.constantFrom(2 ** 32, 2 ** 34, -1, 2 ** 34 - 1).map((seconds) => new Date(seconds * 1000)),
  );
  fc.assert(
    fc.property(date, (sent) => {
      const back = msgpack.decode(msgpack.encode(call(sent)));
      expect(back.type === "CALL" && back.payload?.values().args).toEqual([sent]);
      expect(Buffer.from(json.encode(back)).toString()).toContain(sent.toISOString());
    }),
    runs(500),
  );
});

it("JavaScript makes no Map of many members: numbers can be chosen so that each takes longer than the last", () => {
  const frame = (members: number, key: (i: number) => number[]): Buffer => {
    const size = Buffer.alloc(2);
    size.writeUInt16BE(members);
    const body = Array.from({ length: members }, (_, i) => [...key(i), 0xc0]).flat();
    return Buffer.concat([Buffer.from("95300180a3612e6291de", "hex"), size, Buffer.from(body)]);
  };
  const number = (i: number): number[] => [0xcd, i >> 8, i & 0xff];
  const text = (i: number): number[] => [0xa2, 0x41 + (i >> 6), 0x30 + (i & 0x3f)];
  const read = (bytes: Buffer): unknown => {
    const sent = msgpack.decode(bytes);
    expect(Buffer.from(msgpack.encode(sent)).equals(bytes)).toBe(true);
    return sent.type === "CALL" && sent.payload?.values().args?.length;
  };
  expect(read(frame(1000, number))).toBe(1);
  expect(() => read(frame(1001, number))).toThrow("a key that is no string");
  expect(() => read(frame(1001, (i) => (i < 1000 ? text(i) : number(i))))).toThrow("a key that is no string");
  expect(read(frame(2000, text))).toBe(1);
});
