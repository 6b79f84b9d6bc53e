import { Tagged } from "cborg";
import fc from "fast-check";
import { runs } from "../../../../jest/runs.ts";
import { WampError } from "../errors/wamp-error.ts";
import { ValuesPayload } from "../wamp/payload.ts";
import { batched } from "./framing.ts";
import { cbor } from "./cbor/codec.ts";
import { json } from "./json/codec.ts";
import { msgpack } from "./msgpack/codec.ts";
import { Extension } from "./msgpack/extension.ts";

const call = (args: unknown[], kwargs?: Record<string, unknown>) =>
  ({ type: "CALL", request: 1, options: {}, procedure: "a.b", payload: new ValuesPayload({ args, kwargs }) }) as const;

test.each([json, msgpack, cbor])("$name gives back every payload that JSON can say", (serializer) => {
  const value = fc.jsonValue({ noUnicodeString: false }).filter((v) => !/\\u0000|__proto__|-0/.test(JSON.stringify(v)));
  fc.assert(
    fc.property(fc.array(value), (args) => {
      const back = serializer.decode(serializer.encode(call(args)));
      const values = back.type === "CALL" ? (back.payload?.values().args ?? []) : undefined;
      expect(JSON.stringify(values)).toBe(JSON.stringify(args));
    }),
  );
});

test("binary crosses from MessagePack to JSON and back", () => {
  const sent = msgpack.decode(msgpack.encode(call([Buffer.from([1, 2, 255])])));
  const text = Buffer.from(json.encode(sent)).toString();
  expect(JSON.parse(text)).toEqual([48, 1, {}, "a.b", ["\0AQL/"]]);
  const back = msgpack.decode(msgpack.encode(json.decode(Buffer.from(text))));
  expect(back.type === "CALL" && back.payload?.values().args).toEqual([Buffer.from([1, 2, 255])]);
});

test("an extension passes between MessagePack peers and is refused for JSON", () => {
  const message = msgpack.decode(msgpack.encode(call([new Extension(5, Buffer.from("abc"))])));
  expect(Buffer.from(msgpack.encode(message)).includes("abc")).toBe(true);
  expect(() => json.encode(message)).toThrow("JSON cannot say");
});

test("what only one format can say is no dictionary in another", () => {
  const extension = msgpack.decode(msgpack.encode(call([new Extension(5, Buffer.from("abc"))])));
  expect(() => cbor.encode(extension)).toThrow("cannot say (MessagePack's extension 5)");
  const tagged = cbor.decode(Buffer.from("85183001a0616281d9010280", "hex"));
  expect(() => msgpack.encode(tagged)).toThrow("cannot say (CBOR's tag 258)");
  expect(() => cbor.encode(call([new Map()]))).toThrow("cannot say (Map)");
});

test("a text that begins with NUL is no binary: JSON refuses it", () => {
  const message = msgpack.decode(msgpack.encode({ ...call(["\0AQL/"]), procedure: "a.b" }));
  expect(() => json.encode(message)).toThrow("JSON cannot say");
  expect(() => json.encode({ type: "ABORT", details: {}, reason: "\0AQL/" })).toThrow("JSON cannot say");
});

test("an undefined, as msgpackr says it, is a key that is not there or a null in a list", () => {
  const frame = Buffer.from([0x95, 48, 1, 0x81, 0xa1, 0x61, 0xd4, 0, 0, 0xa1, 0x62, 0x92, 1, 0xd4, 0, 0]);
  const message = msgpack.decode(frame);
  expect(message).toMatchObject({ type: "CALL", options: { a: undefined }, procedure: "b" });
  expect(Buffer.from(json.encode(message)).toString()).toBe('[48,1,{},"b",[1,null]]');
  expect(msgpack.decode(msgpack.encode(message))).toMatchObject({ options: {}, procedure: "b" });
});

test("no args and no kwargs leave no empty lists on the wire", () => {
  expect(Buffer.from(json.encode(call([], {}))).toString()).toBe('[48,1,{},"a.b"]');
  expect(Buffer.from(json.encode(call([], { a: 1 }))).toString()).toBe('[48,1,{},"a.b",[],{"a":1}]');
});

test("deep nesting, trailing bytes and broken text are protocol violations", () => {
  const deep = `[48,1,{},"a",[${"[".repeat(200_000)}${"]".repeat(200_000)}]]`;
  expect(() => json.decode(Buffer.from(deep))).toThrow("levels deep");
  expect(() => json.decode(Buffer.from([0x5b, 0xff]))).toThrow("not valid JSON");
  expect(() => msgpack.decode(Buffer.concat([msgpack.encode(call([1])), Buffer.from([1])]))).toThrow(
    "after its message",
  );
});

test.each([json, msgpack])("$name answers any bytes with a message or a protocol violation", (serializer) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        serializer.decode(bytes);
      } catch (error) {
        expect(WampError.is(error) && error.uri).toBe("wamp.error.protocol_violation");
      }
    }),
    runs(2000),
  );
});

test("a batch gives its messages back, and text answers with the separator the client used", () => {
  const messages = [Buffer.from("[1]"), Buffer.from("[2]")];
  for (const serializer of [json, msgpack]) {
    const framing = batched(serializer);
    expect([...framing.split(framing.join(messages))].map(String)).toEqual(messages.map(String));
  }
  const text = batched(json);
  expect([...text.split(Buffer.from("[1]\x18"))]).toHaveLength(1);
  expect(Buffer.from(text.join(messages)).toString()).toBe("[1]\x18[2]\x18");
});

test("an empty or broken batch is a protocol violation", () => {
  for (const [serializer, frame] of [
    [json, ""],
    [json, "[1]"],
    [msgpack, ""],
    [msgpack, "\0\0\0\x05ab"],
    [msgpack, "\0"],
  ] as const) {
    expect(() => [...batched(serializer).split(Buffer.from(frame))]).toThrow("a batch");
  }
});

test("a dictionary whose keys are no strings is passed on to MessagePack peers, and refused for the others", () => {
  const hex = "95300180a3612e62918201a161a162c0"; // [48, 1, {}, "a.b", [{1: "a", "b": null}]]
  const sent = msgpack.decode(Buffer.from(hex, "hex"));
  expect(Buffer.from(msgpack.encode(sent)).toString("hex")).toBe(hex);
  for (const other of [json, cbor]) expect(() => other.encode(sent)).toThrow("cannot say");
});

describe("CBOR", () => {
  const decoded = (hex: string) => cbor.decode(Buffer.from(hex, "hex"));
  /** `[48, 1, {}, "b", [value]]` */
  const callOf = (value: string): string => `85183001a0616281${value}`;

  it("crosses to the other formats and back, binary too", () => {
    const sent = cbor.decode(cbor.encode(call([Buffer.from([1, 2, 255]), "text", { a: [1.5, null] }])));
    expect(JSON.parse(Buffer.from(json.encode(sent)).toString())).toEqual([
      48,
      1,
      {},
      "a.b",
      ["\0AQL/", "text", { a: [1.5, null] }],
    ]);
    const back = cbor.decode(cbor.encode(msgpack.decode(msgpack.encode(sent))));
    expect(back.type === "CALL" && back.payload?.values().args?.[0]).toEqual(new Uint8Array([1, 2, 255]));
  });

  it.each([
    ["a set, which is a tag that the router does not know", "d90102820102"],
    ["an IP address", "d9010444c0a80001"],
    ["a fraction", "d81e820103"],
    ["a tag of one's own", "d9126701"],
    ["a tag of 64 bits", "dbffffffffffffffff01"],
    ["keys that are whole numbers", "a1016178"],
    ["keys that are bytes", "a1410101"],
    ["a set deep inside", "81a16161d9010281f5"],
    ["a simple value", "f0"],
    ["a simple value of two bytes", "f8ff"],
  ])("passes %s on to CBOR peers as it came, and refuses it for the others", (_what, value) => {
    const hex = callOf(value);
    expect(Buffer.from(cbor.encode(decoded(hex))).toString("hex")).toBe(hex);
    for (const other of [json, msgpack]) expect(() => other.encode(decoded(hex))).toThrow("cannot say");
  });

  it.each([
    ["an integer in more bytes than it needs", "1b0000000000000001"],
    ["a text of no given length", "7f616161 62ff"],
    ["bytes of no given length", "5f41014102ff"],
    ["a list of no given length", "9f01ff"],
    ["a dictionary of no given length", "bf616101ff"],
    ["a float of 16 bits", "f93c00"],
    ["a number that is none", "f97e01"],
    ["undefined", "f7"],
    ["a typed array, as JavaScript's cbor-x sends all bytes", "d84042 0102"],
    ["a key twice", "a2616101616102"],
  ])("passes %s on to CBOR peers as it came", (_what, value) => {
    const hex = callOf(value.replaceAll(" ", ""));
    expect(Buffer.from(cbor.encode(decoded(hex))).toString("hex")).toBe(hex);
  });

  it("reads a message that is a list of no given length", () => {
    const sent = decoded("9f183001a061629f01ffa0ff");
    expect(Buffer.from(cbor.encode(sent)).toString("hex")).toBe("85183001a061629f01ff");
  });

  it.each([
    ["a piece of a text that is bytes", "7f4101ff"],
    ["a piece that has no given length itself", "7f7f6161ffff"],
    ["a text of no given length that does not end", "7f6161"],
    ["a list of no given length that does not end", "9f01"],
    ["a dictionary with a key and no value", "bf6161ff"],
    ["an integer of no given length", "1f"],
    ["a tag of no given length", "df01"],
    ["a simple value that has a shorter form", "f814"],
    ["a size that is reserved", "1c"],
    ["a byte that only ends something", "ff"],
    ["text that is not UTF-8", "62c328"],
    ["a long text that is not UTF-8", `7864${"61".repeat(99)}ff`],
    ["a key that is not UTF-8", "a161ff01"],
    ["a piece of a text with half a character", "7f61c361a4ff"],
    ["a float that is cut off", "fb00"],
    ["bytes behind the message", "0101"],
  ])("%s is a protocol violation", (_what, value) => {
    expect(() => decoded(callOf(value))).toThrow(
      expect.objectContaining({ uri: "wamp.error.protocol_violation" }) as Error,
    );
  });

  it.each([
    ["what is no CBOR", "ff"],
    ["two messages in one frame", `${callOf("01")}00`],
    ["a list that ends too early", "8518"],
    ["too many levels", callOf("81".repeat(500) + "01")],
    ["so many levels that no stack holds them", callOf("81".repeat(200_000) + "01")],
  ])("%s is a protocol violation", (_what, hex) => {
    expect(() => decoded(hex)).toThrow(expect.objectContaining({ uri: "wamp.error.protocol_violation" }) as Error);
  });

  it.each([
    ["a number past 2^53", "1b0020000000000001", 2n ** 53n + 1n],
    ["2^53, which is an id", "1b0020000000000000", 2 ** 53],
    ["a number of more than 64 bits", "c249010000000000000000", 2n ** 64n],
    ["a list of no given length", "9f01ff", [1]],
    ["a text of no given length", "7f61616162ff", "ab"],
    ["a time", "c1fb41d452d9ec200000", new Date(1363896240500)],
    ["a typed array", "d840420102", Buffer.of(1, 2)],
    ["keys that are whole numbers", "a1016178", new Map([[1, "x"]])],
    ["a tag that the router does not know", "d9010281f5", new Tagged(258, [true])],
    ["a decimal number", "c48221196ab3", new Tagged(4, [-2, 27315])],
  ])("code in JavaScript gets %s", (_what, hex, value) => {
    const sent = decoded(callOf(hex));
    expect(sent.type === "CALL" && sent.payload?.values().args).toEqual([value]);
  });

  it("keeps a U+FEFF at the beginning of a text", () => {
    const value = { "\ufeffkey": "\ufefftext", "": "\ufeff" };
    const back = cbor.decode(cbor.encode(call([value])));
    expect(back.type === "CALL" && back.payload?.values().args).toEqual([value]);
  });

  it("a key __proto__ is a key like any other", () => {
    const message = decoded(callOf("a1695f5f70726f746f5f5fa1616101"));
    const [value] = (message.type === "CALL" ? message.payload?.values().args : undefined) as [object];
    expect(Object.keys(value)).toEqual(["__proto__"]);
    expect("a" in value).toBe(false);
    expect(Buffer.from(json.encode(message)).toString()).toContain('"__proto__"');
  });

  it("whatever bytes come, they are a message or a protocol violation", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          cbor.decode(bytes);
        } catch (error) {
          if (!WampError.is(error)) throw error;
        }
      }),
      runs(2000),
    );
  });
});

describe("null where args or kwargs may stand is read as empty", () => {
  const none = { args: undefined, kwargs: undefined };
  it.each([
    ["args", [null], []],
    ["both", [null, null], []],
    ["args, and kwargs come", [null, { a: 2n ** 60n }], [[], { a: 2n ** 60n }]],
    ["args, and no kwargs are in them", [null, {}], []],
    ["kwargs", [[1], null], [[1]]],
    ["kwargs, and no args are in them", [[], null], []],
  ])("%s", (_what, sent, expected) => {
    for (const from of [json, msgpack, cbor]) {
      const list = from.encodeTail({ args: [16, 1, {}, "a.b", ...sent] }).bytes;
      const message = from.decode(from === json ? list.subarray(1) : list);
      for (const to of [json, msgpack, cbor]) {
        const back = to.decode(to.encode(message));
        const { args, kwargs } = (back.type === "PUBLISH" ? back.payload?.values() : undefined) ?? none;
        expect([args, kwargs]).toEqual([expected[0], expected[1]]);
      }
    }
  });

  it("although what is no list, no dictionary and not null is a protocol violation", () => {
    for (const tail of ["nul", "nullx", "0", "{}", "null,[]", "null,0", "null,null,null"])
      expect(() => json.decode(Buffer.from(`[16,1,{},"a.b",${tail}]`))).toThrow();
    for (const hex of ["95100180a161c3", "96100180a161c090", "96100180a161c000"])
      expect(() => msgpack.decode(Buffer.from(hex, "hex"))).toThrow();
    for (const hex of ["851001a06161f5", "861001a06161f680", "861001a06161f600"])
      expect(() => cbor.decode(Buffer.from(hex, "hex"))).toThrow();
  });
});
