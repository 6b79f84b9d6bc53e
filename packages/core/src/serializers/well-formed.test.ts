import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { runs } from "../../../../jest/runs.ts";
import { TooManyValues, WampError } from "../errors/wamp-error.ts";
import { RawPayload } from "../wamp/payload.ts";
import { cbor } from "./cbor/codec.ts";

// The scanner of CBOR compared with the one in RFC 8949, appendix C, which is written down here as it is there, but that
// texts are UTF-8 (section 3.1).

class NotWellFormed extends Error {}

/** @returns the position after the value; null behind a break */
function wellFormed(bytes: Buffer, begin: number, isBreakable: boolean): number | null {
  let at = begin;
  const take = (size: number): Buffer => {
    if (at + size > bytes.length) throw new NotWellFormed();
    at += size;
    return bytes.subarray(at - size, at);
  };
  const item = (breakable = false): boolean => {
    const end = wellFormed(bytes, at, breakable);
    at = end ?? at + 1;
    return end !== null;
  };
  const first = take(1)[0] as number;
  const [major, info] = [first >> 5, first & 0x1f];
  let value = BigInt(info);
  if (info >= 24 && info <= 27) value = BigInt(`0x${take(1 << (info - 24)).toString("hex")}`);
  else if (info >= 28 && info <= 30) throw new NotWellFormed();
  else if (info === 31) {
    if (major === 7) {
      if (isBreakable) return null;
      throw new NotWellFormed();
    }
    if (major === 2 || major === 3) {
      for (;;) {
        const kind = bytes[at];
        if (kind === 0xff) return at + 1;
        if (kind === undefined || kind >> 5 !== major || (kind & 0x1f) === 31) throw new NotWellFormed();
        item();
      }
    }
    if (major !== 4 && major !== 5) throw new NotWellFormed();
    while (item(true)) if (major === 5) item();
    return at;
  }
  if (value > bytes.length && major >= 2 && major <= 5) throw new NotWellFormed();
  const content = major === 2 || major === 3 ? take(Number(value)) : null;
  if (major === 3 && !isUtf8(content as Buffer)) throw new NotWellFormed();
  for (let i = major === 4 ? value : major === 5 ? value * 2n : major === 6 ? 1n : 0n; i > 0n; i--) item();
  if (major === 7 && info === 24 && value < 32n) throw new NotWellFormed();
  return at;
}

function isWellFormed(bytes: Buffer): boolean {
  try {
    return wellFormed(bytes, 0, false) === bytes.length;
  } catch (error) {
    if (error instanceof NotWellFormed) return false;
    throw error;
  }
}

/** `[16, 1, {}, "a.b", [value]]` */
const frameOf = (value: Uint8Array): Buffer => Buffer.concat([Buffer.from("851001a063612e6281", "hex"), value]);

const kinds = fc.constantFrom(0x00, 0x18, 0x1c, 0x1f, 0x20, 0x40, 0x41, 0x5f, 0x60, 0x61, 0x62, 0x7f, 0x80, 0x81, 0x9f, 0xa0, 0xa1, 0xbf, 0xc1, 0xd8, 0xe0, 0xf4, 0xf6, 0xf8, 0xf9, 0xfb, 0xff); // prettier-ignore
const hostile = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 12 }),
  fc.array(fc.oneof({ weight: 4, arbitrary: kinds }, fc.nat(255)), { minLength: 1, maxLength: 10 }),
);

it("whatever bytes come as a value in CBOR, they pass as they are if they are well-formed, and else are refused", () => {
  const seen = { passed: 0, refused: 0 };
  fc.assert(
    fc.property(hostile, (bytes) => {
      const frame = frameOf(Uint8Array.from(bytes));
      let payload: unknown = null;
      try {
        const message = cbor.decode(frame);
        payload = message.type === "PUBLISH" ? message.payload : null;
        expect(Buffer.from(cbor.encode(message)).equals(frame)).toBe(true);
      } catch (error) {
        if (!WampError.is(error) || error instanceof TooManyValues) throw error;
        expect(error.uri).toBe("wamp.error.protocol_violation");
      }
      expect(payload instanceof RawPayload).toBe(isWellFormed(frame));
      // What was let in can be read by code in JavaScript.
      if (payload instanceof RawPayload) expect(payload.values().args).toHaveLength(1);
      seen[payload === null ? "refused" : "passed"]++;
    }),
    runs(4000),
  );
  expect(seen.passed).toBeGreaterThan(100);
  expect(seen.refused).toBeGreaterThan(100);
});
