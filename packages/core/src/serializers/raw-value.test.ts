import { Tagged } from "cborg";
import { cbor } from "./cbor/codec.ts";
import { json } from "./json/codec.ts";
import { msgpack } from "./msgpack/codec.ts";
import type { Serializer } from "./serializer.ts";
import { type PayloadValues, type TailCodec, ValuesPayload } from "../wamp/payload.ts";
import { decodedMembers, RawValue, Sayable } from "../wamp/raw-value.ts";

const FORMATS: readonly (Serializer & TailCodec)[] = [json, msgpack, cbor];
const VALUE = { list: [1, "two", { three: 3 }], big: 2n ** 60n + 1n, empty: [], a: null };

function rawOf(value: unknown, codec: TailCodec): RawValue {
  const tail = codec.encodeTail({ args: [value] });
  return new RawValue(codec, codec.listOf(tail)).get(0)?.get(0) as RawValue;
}

/** What a receiver in a format gets of a value. */
function read(value: unknown, codec: TailCodec): unknown {
  return codec.decodeTail(codec.encodeTail({ args: [value] })).args?.[0];
}

describe.each(FORMATS)("a raw value in $name", (codec) => {
  const raw = rawOf(VALUE, codec);

  it("gives its value and its members", () => {
    expect(raw.format).toBe(codec.name);
    expect(raw.value).toEqual(VALUE);
    expect(raw.get("list")?.get(2)?.get("three")?.value).toBe(3);
    expect(Object.keys(raw.entries())).toEqual(Object.keys(VALUE));
    expect(raw.get("none")).toBeUndefined();
    expect(raw.get("list")?.get("three")).toBeUndefined();
    expect(raw.get(0)).toBeUndefined();
    expect(raw.get("list")?.get(3)).toBeUndefined();
    expect(raw.get("big")?.entries()).toEqual({});
  });

  it("does not hold the frame it came in, once it is a copy", () => {
    const copy = raw.own();
    expect(copy.bytes.buffer.byteLength).toBe(raw.bytes.length);
    expect(copy.value).toEqual(VALUE);
  });

  it.each(FORMATS)("may stand anywhere in a value that is sent in $name", (other) => {
    expect(read({ here: [raw, { and: raw.get("big") }] }, other)).toEqual({ here: [VALUE, { and: VALUE.big }] });
    const head = other.decode(other.encode({ type: "WELCOME", session: 1, details: { authextra: raw } }));
    expect(head).toMatchObject({ details: { authextra: VALUE } });
    const kept = new ValuesPayload({ args: [raw] }).own();
    expect(other.decodeTail(kept.tail(other)).args).toEqual([VALUE]);
  });
});

it("of two members with one key the last one counts", () => {
  const raw = new RawValue(json, Buffer.from('{"a":1,"a":[2]}'));
  expect(raw.get("a")?.value).toEqual([2]);
  expect(raw.entries()["a"]?.value).toEqual([2]);
});

it("members whose keys are no strings are left out, and no string is cut at an escape", () => {
  expect(Object.keys(new RawValue(cbor, Buffer.from("a2016178616102", "hex")).entries())).toEqual(["a"]);
  expect(Object.keys(new RawValue(msgpack, Buffer.from("8201a178a16102", "hex")).entries())).toEqual(["a"]);
  const text = '{ "\\"\\\\" : "x" , "\\u00e4":{"b":1}}';
  expect(Object.keys(new RawValue(json, Buffer.from(text)).entries())).toEqual(['"\\', "ä"]);
});

describe("what a receiver's format can say of a dictionary", () => {
  const decimal = new RawValue(cbor, Buffer.from("c48221196ab3", "hex"));
  const set = new RawValue(cbor, Buffer.from("d9010280", "hex"));
  const dict = { id: 2n ** 60n, set, deep: { set, x: 1, list: [set] }, decimal };
  const told: [readonly string[], string][] = [];
  const sayable = new Sayable(dict, (keys, format) => told.push([keys, format]));
  beforeEach(() => void told.splice(0));

  it("is sent, and the rest is told, with the keys that lead to it", () => {
    expect(read(sayable, json)).toEqual({ id: 2n ** 60n, deep: { x: 1 }, decimal: "273.15" });
    expect(read(sayable, msgpack)).toEqual({ id: 2n ** 60n, deep: { x: 1 } });
    expect(told).toEqual([
      [["set", "deep.set", "deep.list"], "json"],
      [["set", "deep.set", "deep.list", "decimal"], "msgpack"],
    ]);
  });

  it("is all of it for a receiver that can say all", () => {
    expect(Object.keys(read(sayable, cbor) as object)).toEqual(Object.keys(dict));
    expect(told).toEqual([]);
  });

  it("is found in the bytes that came, too", () => {
    const bytes = new RawValue(cbor, cbor.encodeTail({ args: [dict] }).bytes.subarray(1));
    expect(read(new Sayable(bytes, sayable.leftOut), json)).toEqual({
      id: 2n ** 60n,
      deep: { x: 1 },
      decimal: "273.15",
    });
    expect(told).toEqual([[["set", "deep.set", "deep.list"], "json"]]);
  });

  it("of a list are the elements it can say as a whole", () => {
    expect(read(new Sayable([1, dict, { a: 2 }], sayable.leftOut), json)).toEqual([1, { a: 2 }]);
    expect(told).toEqual([[["1"], "json"]]);
  });

  it("is what JavaScript can say of it, for code in this process", () => {
    expect(decodedMembers({ id: 1, set: rawOf([1], json) })).toEqual({ id: 1, set: [1] });
    expect(decodedMembers(rawOf({ a: [1] }, msgpack))).toEqual({ a: [1] });
  });
});

it("a format of a plugin, which takes no raw values, gets decoded ones", () => {
  const seen: PayloadValues[] = [];
  const plain = { name: "plain", encodeTail: (values: PayloadValues) => (seen.push(values), { count: 0 as const, bytes: Buffer.alloc(0) }) }; // prettier-ignore
  const set = new RawValue(cbor, Buffer.from("d9010280", "hex"));
  const value = { raw: rawOf(VALUE, msgpack), some: new Sayable({ a: set, b: 1 }, () => undefined), list: [1] };
  new ValuesPayload({ args: [value, new Sayable([set], () => undefined)] }).tail(plain);
  expect(seen[0]?.args).toEqual([
    { raw: VALUE, some: { a: new Tagged(258, []), b: 1 }, list: [1] },
    [new Tagged(258, [])],
  ]);
  const none = { args: [{ a: [1] }] };
  expect(new ValuesPayload(none).values()).toBe(none);
});
