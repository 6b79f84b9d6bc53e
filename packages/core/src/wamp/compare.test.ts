import { constantTimeEqual } from "./compare.ts";

test("equal proofs are equal and others are not, whatever their length", () => {
  expect(constantTimeEqual("secret!!!", "secret!!!")).toBe(true);
  expect(constantTimeEqual("secret!!!", "secret!!")).toBe(false);
  expect(constantTimeEqual("", "x")).toBe(false);
  expect(constantTimeEqual("", "")).toBe(true);
});
