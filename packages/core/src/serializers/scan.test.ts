import fc from "fast-check";
import { runs } from "../../../../jest/runs.ts";
import type { Message } from "../wamp/messages.ts";
import { RawPayload, ValuesPayload } from "../wamp/payload.ts";
import { WampError } from "../errors/wamp-error.ts";
import { decodeJsonInFull, json } from "./json/codec.ts";
import { decodeMsgpackInFull, msgpack } from "./msgpack/codec.ts";
import { HEAD_ROOM } from "./serializer.ts";

// The fast path leaves payloads as they are. Whatever comes, it must give what a full parse gives, or refuse as that does,
// and what it hands on must be readable for its receivers.

const FORMATS = [
  { name: "JSON", serializer: json, inFull: decodeJsonInFull },
  { name: "MessagePack", serializer: msgpack, inFull: decodeMsgpackInFull },
] as const;

type Outcome = { readonly message: Message } | { readonly violation: string };

function outcomeOf(decode: (bytes: Uint8Array) => Message, bytes: Uint8Array): Outcome {
  try {
    return { message: decode(bytes) };
  } catch (error) {
    if (WampError.is(error)) return { violation: error.uri };
    throw error;
  }
}

/** All that a message says, decoded. */
function said(message: Message): unknown {
  const { args = [], kwargs = {} } = ("payload" in message ? message.payload?.values() : undefined) ?? {};
  return JSON.parse(JSON.stringify({ ...message, payload: undefined, args, kwargs }, withBinary));
}

function withBinary(_key: string, value: unknown): unknown {
  if (value instanceof Map) return ["a Map", ...value];
  return value instanceof Uint8Array ? { binary: [...value] } : typeof value === "bigint" ? String(value) : value;
}

function compare({ serializer, inFull }: (typeof FORMATS)[number], bytes: Uint8Array): void {
  const [fast, full] = [outcomeOf((frame) => serializer.decode(frame), bytes), outcomeOf(inFull, bytes)];
  if ("violation" in full || "violation" in fast) {
    expect(fast).toEqual(full);
    return;
  }
  expect(said(fast.message)).toEqual(said(full.message));
  // What goes out of it again is a message to a strict reader, and says the same.
  expect(said(inFull(serializer.encode(fast.message)))).toEqual(said(full.message));
  for (const other of FORMATS) {
    // Passed on as it came, a payload may say what its own format's encoder would not: 1e999.
    if (other.serializer === serializer) continue;
    const crossed = outcomeOf((message) => other.inFull(other.serializer.encode(serializer.decode(message))), bytes);
    const expected = outcomeOf((message) => other.inFull(other.serializer.encode(inFull(message))), bytes);
    expect("violation" in crossed ? crossed : said(crossed.message)).toEqual(
      "violation" in expected ? expected : said(expected.message),
    );
  }
}

const key = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom("a", "b", "__proto__", "constructor", ""));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string({ unit: "grapheme", maxLength: 200 }),
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
  ),
}));
const args = fc.array(value, { maxLength: 4 });
const kwargs = fc.dictionary(key, value, { maxKeys: 3, noNullPrototype: true });
const payload = fc.oneof(fc.constant([]), fc.tuple(args), fc.tuple(args, kwargs));
const head = fc.oneof(
  fc.tuple(
    fc.constantFrom(16, 48),
    fc.integer({ min: 1 }),
    fc.constantFrom({}, { acknowledge: true }),
    fc.constantFrom("a.b", "ä.b"),
  ),
  fc.tuple(fc.constant(70), fc.nat(), fc.constant({})),
  fc.tuple(fc.constant(8), fc.constant(68), fc.integer({ min: 1 }), fc.constant({}), fc.constant("com.error")),
);
const message = fc.tuple(head, payload).map(([first, rest]) => [...first, ...rest] as unknown[]);

/** As other clients may write it: with white space, and every character that can be escaped escaped. */
function spaced(list: unknown[], gap: string, escaped: boolean): Buffer {
  const text = JSON.stringify(list, null, gap);
  return Buffer.from(
    escaped ? text.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`) : text,
  );
}

function encoded(name: string, list: unknown[], gap = "", escaped = false): Uint8Array {
  if (name === "JSON") return spaced(list, gap, escaped);
  const bytes = msgpack.encodeTail({ args: list }).bytes;
  return bytes;
}

describe.each(FORMATS)("$name", (format) => {
  const { name } = format;

  it("a message scanned is the same as one parsed in full", () => {
    fc.assert(
      fc.property(message, fc.constantFrom("", " ", "\n\t"), fc.boolean(), (list, gap, escaped) => {
        let bytes: Uint8Array;
        try {
          bytes = encoded(name, list, gap, escaped);
        } catch {
          return; // what the format cannot say
        }
        compare(format, bytes);
      }),
      runs(1000),
    );
  });

  it("a message with some bytes changed, or cut short, is the same too", () => {
    fc.assert(
      fc.property(
        message,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
        fc.nat(40),
        (list, changes, cut) => {
          let bytes: Uint8Array;
          try {
            bytes = Uint8Array.from(encoded(name, list));
          } catch {
            return;
          }
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          compare(format, bytes.subarray(0, bytes.length - (cut > 20 ? cut - 20 : 0)));
        },
      ),
      runs(3000),
    );
  });
});

describe("JSON that only looks right reaches no receiver", () => {
  const call = (tail: string): Buffer => Buffer.from(`[48,1,{},"a.b",${tail}]`);
  it.each([
    ["a truncated list", "[1,2"],
    ["a comma too many", "[1,]"],
    ["a number with a leading zero", "[01]"],
    ["a bare point", "[1.]"],
    ["an open exponent", "[1e]"],
    ["a plus sign", "[+1]"],
    ["an unknown word", "[nul]"],
    ["single quotes", "['a']"],
    ["a control character in a string", '["\u0001"]'],
    ["a control character in a long string", `["${"x".repeat(300)}\u0001"]`],
    ["a wrong escape", '["\\x"]'],
    ["a short unicode escape", '["\\u12"]'],
    ["a key that is no string", "[{1:2}]"],
    ["no colon", '[{"a" 2}]'],
    ["something after the message", "[1]] "],
    ["args that are no list", "{}"],
    ["kwargs that are no dictionary", "[],[]"],
    ["three payload elements", "[],{},1"],
  ])("%s", (_what, tail) => {
    expect(() => json.decode(call(tail))).toThrow(
      expect.objectContaining({ uri: "wamp.error.protocol_violation" }) as Error,
    );
  });

  it.each([
    ["in an option", '[48,1,{"x":"#"},"a.b"]'],
    ["in a URI", '[48,1,{},"a.#"]'],
    ["in a short text", '[48,1,{},"a.b",["#"]]'],
    ["in a key", '[48,1,{},"a.b",[],{"#":1}]'],
    ["behind an escape", '[48,1,{},"a.b",["\\n#"]]'],
    ["early in a long text", `[48,1,{},"a.b",["#${"x".repeat(300)}"]]`],
    ["late in a long text", `[48,1,{},"a.b",["${"x".repeat(300)}#"]]`],
    ["before a text of ASCII", '[48,1,{},"a.b",["#","x"]]'],
    ["outside texts", '[48,1,{},"a.b",[#]]'],
  ])("broken UTF-8 %s, where a real character passes", (where, text) => {
    const [before, after] = text.split("#") as [string, string];
    const frame = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
    expect(() => json.decode(frame(Buffer.of(0xc3)))).toThrow("not valid JSON");
    if (where !== "outside texts") expect(json.decode(frame(Buffer.from("ä"))).type).toBe("CALL");
  });

  it("levels without end", () => {
    expect(() => json.decode(call("[".repeat(200_000)))).toThrow(WampError);
    expect(() => json.decode(call(`${"[".repeat(90)}${"]".repeat(90)}`))).not.toThrow();
    expect(() => json.decode(call(`${"[".repeat(150)}${"]".repeat(150)}`))).toThrow("levels deep");
  });
});

describe("MessagePack that only looks right reaches no receiver", () => {
  it.each([
    ["a length beyond the frame", "9530018 0a3612e62 dd ffffffff"],
    ["a text beyond the frame", "9530 0180a3612e6291 dbffffffff"],
    ["a map beyond the frame", "95300180a3612e6291 dfffffffff"],
    ["the byte that means nothing", "95300180a3612e6291 c1"],
    ["bytes after the message", "95300180a3612e629101 00"],
    ["args that are no list", "95300180a3612e62 80"],
    ["kwargs that are no dictionary", "96300180a3612e62 90 90"],
  ])("%s", (_what, hex) => {
    const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
    expect(() => msgpack.decode(bytes)).toThrow(
      expect.objectContaining({ uri: "wamp.error.protocol_violation" }) as Error,
    );
  });
});

describe("payloads that are passed on", () => {
  it("keep every digit of a number, and the spelling of a string", () => {
    const frame = Buffer.from('[48,1,{},"a.b",[12345678901234567890, 1.0, "\\u00e4"], {"a":1,"a":2}]');
    const out = json.encode(json.decode(frame));
    expect(Buffer.from(out).toString()).toBe('[48,1,{},"a.b",[12345678901234567890, 1.0, "\\u00e4"], {"a":1,"a":2}]');
  });

  it("leave empty args and kwargs at the end out", () => {
    const crossed = (text: string): string => Buffer.from(json.encode(json.decode(Buffer.from(text)))).toString();
    expect(crossed('[48,1,{},"a.b",[],{}]')).toBe('[48,1,{},"a.b"]');
    expect(crossed('[48,1,{},"a.b", [ 1 ] ,{ }]')).toBe('[48,1,{},"a.b", [ 1 ]]');
    expect(crossed('[48,1,{},"a.b",[],{"a":1}]')).toBe('[48,1,{},"a.b",[],{"a":1}]');
  });

  it("do not hold the frame they came in, once they are kept", () => {
    const frame = Buffer.from('[16,1,{},"a.b",["kept"]]');
    const decoded = json.decode(frame);
    if (decoded.type !== "PUBLISH") throw new Error("no PUBLISH");
    expect(decoded.payload).toBeInstanceOf(RawPayload);
    const own = decoded.payload?.own();
    frame.fill(0);
    expect(own?.values()).toEqual({ args: ["kept"], kwargs: undefined });
  });

  it("nor do binary values that a session of this process sends", () => {
    const frame = Buffer.from([9, 1, 2, 3]);
    const own = new ValuesPayload({ args: [null, frame.subarray(1)] }).own();
    frame.fill(0);
    const [, bytes] = own.values().args as [null, Uint8Array];
    expect([...bytes]).toEqual([1, 2, 3]);
    expect(bytes.buffer.byteLength).toBe(3);
  });

  it("what a session of this process sends may go in a circle, and is kept as it is", () => {
    const circle: unknown[] = [new Map([[1, { a: 1 }]])];
    circle.push(circle, circle);
    const own = new ValuesPayload({ args: circle }).own().values().args;
    expect(own?.[1]).toBe(own?.[2]);
    expect(own).toEqual(circle);
  });
});

describe.each(FORMATS)("$name", ({ name, serializer }) => {
  const id = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 53 }), fc.constant(2 ** 32));

  it("what is written straight to memory is what would have been encoded", () => {
    fc.assert(
      fc.property(message, id, id, fc.nat(50), (list, first, second, at) => {
        let came: Message;
        try {
          came = serializer.decode(encoded(name, list));
        } catch {
          return; // what the format cannot say
        }
        const payload = "payload" in came ? came.payload : undefined;
        const messages: Message[] = [
          { type: "EVENT", subscription: first, publication: second, details: {}, payload },
          { type: "INVOCATION", request: first, registration: second, details: {}, payload },
          { type: "RESULT", request: first, details: {}, payload },
        ];
        for (const sent of messages) {
          const expected = Buffer.from(serializer.encode(sent));
          const target = Buffer.alloc(at + expected.length + HEAD_ROOM);
          const end = serializer.write(sent, target, at);
          expect(target.subarray(at, end).toString("hex")).toBe(expected.toString("hex"));
        }
      }),
      runs(500),
    );
  });

  it.each([1, 2, 5, 59, 60, 61, 62, 100])(
    "a payload may nest %i levels deep where that is the limit, and no deeper",
    (limit) => {
      const nested = (levels: number): Uint8Array => {
        // The list of arguments is a level itself.
        if (name === "MessagePack") return Buffer.from(`95300180a3612e62${"91".repeat(levels - 1)}90`, "hex");
        let list: unknown[] = [];
        for (let i = 1; i < levels; i++) list = [list];
        return encoded(name, [48, 1, {}, "a.b", list]);
      };
      expect(serializer.decode(nested(limit), limit).type).toBe("CALL");
      expect(() => serializer.decode(nested(limit + 1), limit)).toThrow(`nests more than ${limit} levels deep`);
    },
  );

  it("a message with details is left to the encoder", () => {
    const sent: Message = { type: "RESULT", request: 1, details: { progress: true } };
    expect(serializer.write(sent, Buffer.alloc(HEAD_ROOM), 0)).toBe(-1);
  });
});
