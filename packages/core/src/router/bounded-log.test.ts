import fc from "fast-check";
import { pino } from "pino";
import { CapturedLog } from "@wampgate/plugin-testkit";
import { runs } from "../../../../jest/runs.ts";
import { Secret } from "../auth/secret.ts";
import { WampError } from "../errors/wamp-error.ts";
import { boundedLog } from "./bounded-log.ts";

/** The most characters of JSON that a line's keys and message may take. */
const MOST = 20_000;

const HUGE = "x".repeat(4_000_000);

/** The one line that `write` logs. */
function lineOf(write: (log: ReturnType<typeof boundedLog>) => void) {
  const captured = new CapturedLog();
  write(boundedLog(captured));
  expect(captured.lines).toHaveLength(1);
  return captured.lines[0] as (typeof captured.lines)[number];
}

const loggedAs = (value: unknown): unknown => lineOf((log) => log.info({ value }, "")).fields["value"];
const lengthOf = (line: unknown): number => JSON.stringify(line, withErrors).length;
const withErrors = (_key: string, value: unknown): unknown =>
  value instanceof Error ? pino.stdSerializers.err(value) : value;

describe("a line of the log", () => {
  it("has short values as they are", () => {
    const value = { a: 1, b: "text", c: [true, null, 2.5], d: { e: "" } };
    expect(loggedAs(value)).toEqual(value);
  });

  it("shows the beginning of a long text, and its length", () => {
    expect(loggedAs(HUGE)).toBe(`${"x".repeat(512)}… (4000000 characters)`);
    expect(loggedAs(`${"x".repeat(511)}😀`)).toBe(`${"x".repeat(511)}… (513 characters)`);
  });

  it("shows the first entries of long lists and dictionaries", () => {
    expect(loggedAs(Array.from({ length: 60 }, (_, i) => i))).toEqual([
      ...Array.from({ length: 50 }, (_, i) => i),
      "… (60 items)",
    ]);
    const many = loggedAs(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`k${i}`, i]))) as object;
    expect(Object.keys(many)).toHaveLength(51);
    expect(many).toMatchObject({ k49: 49, "…": "more keys are left out" });
  });

  it("shows the length of bytes, the digits of large integers, dates as text, and no functions", () => {
    expect(loggedAs(new Uint8Array(7))).toBe("(7 bytes)");
    expect(loggedAs(2n ** 64n)).toBe("18446744073709551616");
    expect(loggedAs(new Date(0))).toBe("1970-01-01T00:00:00.000Z");
    expect(loggedAs(() => 1)).toBeUndefined();
    expect(loggedAs(new Secret("hidden"))).toEqual({});
  });

  it("ends where something contains itself", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    expect(lengthOf(loggedAs(circle))).toBeLessThan(200);
  });

  it("is logged without its keys if they cannot be read", () => {
    const broken = {
      get value(): never {
        throw new Error("no");
      },
    };
    expect(lineOf((log) => log.warn(broken, "the text"))).toEqual({ level: "warn", message: "the text", fields: {} });
  });

  it("shows an error with its type, its message, its code, its places and its causes", () => {
    class Odd extends Error {}
    const cause = Object.assign(new TypeError("deep"), { secret: "hidden" });
    const err = Object.assign(new Odd("outside", { cause }), { code: "ENOENT", secret: "hidden" });
    const { fields } = lineOf((log) => log.error({ err }, "failed"));
    const shown = pino.stdSerializers.err(fields["err"] as Error);
    expect(shown).toMatchObject({ type: "Odd", message: "outside: deep", code: "ENOENT" });
    expect(shown.stack).toMatch(/^Error: outside\n +at .*bounded-log\.test[^]*caused by: TypeError: deep\n +at /);
    expect(JSON.stringify(shown)).not.toContain("hidden");
    expect(fields["err"]).toMatchObject({ cause: { name: "TypeError" } });
    expect(lineOf((log) => log.error({ err: new WampError("com.a") }, "")).fields["err"]).toMatchObject({
      uri: "com.a",
    });
  });

  it("shows of what is thrown and is no error its text or its type, and of an error elsewhere its text", () => {
    const thrown = (err: unknown) => (lineOf((log) => log.error({ err }, "")).fields["err"] as Error).message;
    expect(thrown("gone")).toBe("gone");
    expect(thrown({ ticket: "secret" })).toBe("something other than an Error was thrown (object)");
    expect(loggedAs([new TypeError("wrong")])).toEqual(["TypeError: wrong"]);
  });

  it("keeps the places of an error with a long message, and none of a circle of causes without an end", () => {
    const error = new Error(HUGE);
    error.cause = error;
    const line = lineOf((log) => log.error({ err: error }, error.message));
    expect(line.message).toHaveLength(2048 + "… (4000000 characters)".length);
    expect(line.fields["err"]).toMatchObject({ stack: expect.stringMatching(/bounded-log\.test/) as string });
    expect(lengthOf(line)).toBeLessThan(MOST);
  });

  it("may be written without keys or as an error alone, as to pino", () => {
    const untyped = (...args: unknown[]) =>
      lineOf((log) => (log.info as (...args: unknown[]) => void).call(log, ...args));
    expect(untyped("a text")).toMatchObject({ message: "a text", fields: {} });
    expect(untyped(new Error("failed"))).toMatchObject({ message: "failed", fields: { err: { message: "failed" } } });
    expect(untyped(new Error("failed"), "a text")).toMatchObject({ message: "a text" });
    expect(untyped({ a: 1 })).toMatchObject({ message: "", fields: { a: 1 } });
    expect(untyped(undefined, "a text")).toMatchObject({ message: "a text" });
  });

  it("has the keys of its log, and its own in their place", () => {
    const line = lineOf((log) => log.child({ plugin: "p", a: 1 }).child({ b: HUGE }).debug({ a: 2 }, "text"));
    expect(line).toMatchObject({ level: "debug", fields: { plugin: "p", a: 2 } });
    expect(lengthOf(line)).toBeLessThan(1000);
  });

  it("is not prepared if its level is not written", () => {
    const captured = new CapturedLog();
    const log = boundedLog(Object.assign(captured, { isLevelEnabled: (level: string) => level !== "debug" }));
    log.debug({}, "no");
    log.info({}, "yes");
    expect(captured.lines.map(({ message }) => message)).toEqual(["yes"]);
  });

  it("is short, whatever it contains", () => {
    const long = fc.tuple(fc.string({ unit: "binary" }), fc.nat(500)).map(([text, times]) => text.repeat(times));
    const anything = fc.anything({
      values: [long, fc.double(), fc.bigInt(), fc.constant(new Error("e".repeat(10_000)))],
      maxKeys: 80,
    });
    fc.assert(
      fc.property(fc.dictionary(long, anything), long, (fields, message) => {
        expect(lengthOf(lineOf((log) => log.info(fields, message)))).toBeLessThan(MOST);
      }),
      runs(100),
    );
  });
});
