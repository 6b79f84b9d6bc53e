import fc from "fast-check";
import { runs } from "../../../../../jest/runs.ts";
import { closeReason } from "./close-reason.ts";

it("is the beginning of the text, at most 123 bytes of valid UTF-8", () => {
  expect(closeReason("short").toString()).toBe("short");
  expect(closeReason("x".repeat(200)).toString()).toBe("x".repeat(123));
  expect(closeReason(`${"x".repeat(122)}é`).toString()).toBe("x".repeat(122));
  const strict = new TextDecoder("utf-8", { fatal: true });
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (text) => {
      const reason = closeReason(text);
      expect(reason.length).toBeLessThanOrEqual(123);
      expect(reason.length).toBeGreaterThanOrEqual(Math.min(Buffer.byteLength(text), 120));
      expect(text.startsWith(strict.decode(reason))).toBe(true);
    }),
    runs(200),
  );
});
