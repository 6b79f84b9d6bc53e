import fc from "fast-check";
import { unmask, unmaskHere } from "./unmask.ts";

/** A mask and a payload, somewhere in the bytes that a socket delivered. */
const frames = fc.record({
  before: fc.uint8Array({ maxLength: 5 }),
  mask: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  payload: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 150, maxLength: 400 })),
  after: fc.uint8Array({ maxLength: 5 }),
});

it.each([unmask, unmaskHere])("%p combines each byte with one of the mask's four, and touches no other", (way) => {
  fc.assert(
    fc.property(frames, ({ before, mask, payload, after }) => {
      const bytes = Buffer.concat([before, mask, payload, after]);
      const expected = Buffer.from(bytes);
      const begin = before.length + 4;
      for (let i = 0; i < payload.length; i++) expected[begin + i] = (payload[i] as number) ^ (mask[i % 4] as number);
      const plain = expected.subarray(begin, begin + payload.length);

      const mayBeBeyondAscii = way(bytes, before.length, begin + payload.length);

      expect(bytes).toEqual(expected);
      if (plain.some((byte) => byte > 0x7f)) expect(mayBeBeyondAscii).toBe(true);
    }),
  );
});

it("a short payload of ASCII alone is known to be UTF-8", () => {
  const bytes = Buffer.from("\0\0\0\0hello, world");
  expect(unmask(bytes, 0, bytes.length)).toBe(false);
});
