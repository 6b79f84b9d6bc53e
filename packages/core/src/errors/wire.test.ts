import { abortMessage, errorMessage, goodbyeMessage, shownOf } from "./wire.ts";
import { WampError } from "./wamp-error.ts";

it.each<[what: string, thrown: unknown, uri: string, payload: object]>([
  ["a WampError", new WampError("com.a", "no"), "com.a", { args: ["no"] }],
  ["a text", "no", "wamp.error.runtime_error", { args: ["no"] }],
  [
    "an error of autobahn-js",
    { error: "com.a", args: [1], kwargs: { a: 2 } },
    "com.a",
    { args: [1], kwargs: { a: 2 } },
  ],
  ["one whose values are none", { error: "com.a", args: "no", kwargs: [] }, "com.a", {}],
])("a caller gets %s that a handler throws", (_, thrown, uri, payload) => {
  expect(shownOf(thrown)).toEqual({ uri, payload });
});

it.each([[new Error("at line 7")], [7], [null], [undefined], [{ error: "no uri" }], [{ error: 7 }]])(
  "a caller gets nothing of %p, which is a crash",
  (thrown) => {
    expect(shownOf(thrown)).toBeNull();
  },
);

it("ABORT and GOODBYE have a message only if there is something to say", () => {
  expect(abortMessage("com.a", null)).toEqual({ type: "ABORT", details: {}, reason: "com.a" });
  expect(abortMessage("com.a", "no")).toEqual({ type: "ABORT", details: { message: "no" }, reason: "com.a" });
  expect(goodbyeMessage("com.a")).toEqual({ type: "GOODBYE", details: {}, reason: "com.a" });
  expect(goodbyeMessage("com.a", "no")).toEqual({ type: "GOODBYE", details: { message: "no" }, reason: "com.a" });
});

it("ERROR has what an error shows, and neither its stack nor its cause", () => {
  const error = new WampError("com.a", "no", { kwargs: { left: 0 } });
  error.cause = new Error("no disk");
  const { payload, ...head } = errorMessage("CALL", 7, error);
  expect(head).toEqual({ type: "ERROR", requestType: 48, request: 7, details: {}, error: "com.a" });
  expect(payload?.values()).toMatchObject({ kwargs: { left: 0 } });
});
