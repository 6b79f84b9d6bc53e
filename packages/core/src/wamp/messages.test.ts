import fc from "fast-check";
import { runs } from "../../../../jest/runs.ts";
import { Code, headOf, parseMessage } from "./messages.ts";
import { WampError } from "../errors/wamp-error.ts";

test("a parsed message has its fields by name and gives the same head back", () => {
  const call = parseMessage([48, 7, {}, "com.example.add2", [2, 3], { a: 1 }]);
  expect(call).toMatchObject({ type: "CALL", request: 7, options: {}, procedure: "com.example.add2" });
  expect(headOf(call)).toEqual([48, 7, {}, "com.example.add2"]);
  expect(call.type === "CALL" && call.payload?.values()).toEqual({ args: [2, 3], kwargs: { a: 1 } });
});

test("a wrong element is named with what was expected, and its value is not shown", () => {
  expect(() => parseMessage([5, 12345, {}])).toThrow("AUTHENTICATE.signature must be a string, found an integer");
  expect(() => parseMessage([48, 0, {}, "x"])).toThrow("CALL.request must be an id from 1 to 2^53, found an integer");
  expect(() => parseMessage([48, 1, new Map(), "x"])).toThrow("CALL.options must be a dictionary, found an object");
  expect(() => parseMessage([17, 1, 2, 3])).toThrow("PUBLISHED has 4 elements, expected 3");
  expect(() => parseMessage([48, 1, {}, "x", {}])).toThrow("CALL.args must be a list, found a dictionary");
});

test("whatever was decoded, parsing gives a message or a protocol violation", () => {
  const element = fc.oneof(
    fc.anything(),
    fc.constantFrom(...Object.values(Code)),
    fc.constant({}),
    fc.string(),
    fc.nat(),
  );
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.array(element, { maxLength: 7 })), (elements) => {
      try {
        expect(headOf(parseMessage(elements)).length).toBeGreaterThan(1);
      } catch (error) {
        expect(WampError.is(error) && error.uri).toBe("wamp.error.protocol_violation");
      }
    }),
    runs(2000),
  );
});
