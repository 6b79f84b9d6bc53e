import { WampError } from "../../errors/wamp-error.ts";
import { cbor } from "../../serializers/cbor/codec.ts";
import { ValuesPayload } from "../../wamp/payload.ts";
import { RawValue, Sayable } from "../../wamp/raw-value.ts";
import { copied, copiedOrNone, payloadOfResult, Result, resultOfPayload, valuesIn } from "./values.ts";

/** As autobahn-js has it: its class bears the same name as ours. */
const OfAutobahn = {
  Result: class {
    args: unknown;
    kwargs: unknown;
    constructor(args: unknown, kwargs: unknown) {
      this.args = args;
      this.kwargs = kwargs;
    }
  },
}.Result;
const foreign = (args: unknown, kwargs: unknown): object => new OfAutobahn(args, kwargs);

it.each<[what: string, returned: unknown, payload: object]>([
  ["nothing is an empty payload", undefined, {}],
  ["null is a value", null, { args: [null] }],
  ["a list is one value", [1, 2], { args: [[1, 2]] }],
  ["a Result is several values", new Result([1, 2], { a: 3 }), { args: [1, 2], kwargs: { a: 3 } }],
  ["so is one of autobahn-js", foreign([1, 2], { a: 3 }), { args: [1, 2], kwargs: { a: 3 } }],
  ["a dictionary without a prototype is one value", Object.create(null), { args: [{}] }],
  ["so is one that holds a constructor", { constructor: null }, { args: [{ constructor: null }] }],
  ["a value that is called like one is one value", foreign(1, { a: 3 }), { args: [foreign(1, { a: 3 })] }],
])("of what a handler returns, %s", (_, returned, payload) => {
  expect(payloadOfResult(returned)).toEqual(payload);
});

it.each<[args: unknown[], kwargs: Record<string, unknown>, result: unknown]>([
  [[], {}, null],
  [[7], {}, 7],
  [[[]], {}, []],
  [[7, 8], {}, new Result([7, 8])],
  [[7], { a: 1 }, new Result([7], { a: 1 })],
  [[], { a: 1 }, new Result([], { a: 1 })],
])("a result of %j and %j resolves a call to the one value, a Result, or null", (args, kwargs, result) => {
  expect(resultOfPayload(args, kwargs)).toEqual(result);
});

it("what a session sends is copied, so that later changes reach no receiver", () => {
  const list = [1];
  const { args } = copied({ args: [list] });
  list.push(2);
  expect(args).toEqual([[1]]);
});

it("a value that no message can carry is refused; in an error it is left out, and the error is sent", () => {
  const values = { args: [() => undefined] };
  const refused = new WampError(
    "wamp.error.invalid_argument",
    "the payload holds a value that no message can carry, as a function",
  );
  expect(() => copied(values)).toThrow(refused);
  expect(copiedOrNone(values)).toEqual({});
});

describe("a raw value", () => {
  // {"id": 2^53 + 1, "a": simple(16)}
  const raw = new RawValue(cbor, Buffer.from("a262696 41b00200000000000016161f0".replaceAll(" ", ""), "hex"));
  const circle: unknown[] = [{ raw }, [1], new Date(0)];
  circle.push(circle);

  it("stays as it is in what a session sends", () => {
    const { args } = copied({ args: circle });
    expect(args?.slice(0, 3)).toEqual(circle.slice(0, 3));
    expect((args?.[0] as { raw: unknown }).raw).toBe(raw);
    expect(args?.[3]).toBe(args);
    expect(args?.[1]).not.toBe(circle[1]);
  });

  it("is decoded for a session that gets it", () => {
    const value = { id: 2n ** 53n + 1n, a: undefined };
    const left: unknown[] = [];
    const sayable = new Sayable(raw, (keys) => left.push(keys));
    const payload = new ValuesPayload({ args: [[raw], sayable, new Sayable([raw], () => undefined)] });
    expect(valuesIn(payload).args).toEqual([[value], value, [value]]);
    expect(left).toEqual([]);
  });
});
