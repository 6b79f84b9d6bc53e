import fc from "fast-check";
import { runs } from "../../../../../jest/runs.ts";
import { isSameOrigin, OriginPattern, Origins, takesCookies } from "./origins.ts";

/** The meaning of a pattern, as simple as possible: a star takes nothing, or one more character. */
function fits(pattern: string, text: string): boolean {
  if (pattern === "") return text === "";
  if (pattern[0] === "*") return fits(pattern.slice(1), text) || (text !== "" && fits(pattern, text.slice(1)));
  return pattern[0] === text[0] && fits(pattern.slice(1), text.slice(1));
}

function refusal(origin: string | undefined, host: string | undefined, allowed?: readonly string[]): string | null {
  return new Origins().refusal(origin, host, allowed);
}

describe("a pattern of allowed-origins", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", ".", "*"), maxLength: 7 });

  it("matches what its stars can stand for, and nothing else", () => {
    fc.assert(
      fc.property(pattern, word, (glob, text) => {
        expect(new OriginPattern(glob).matches(text)).toBe(fits(glob, text));
      }),
      runs(5000),
    );
  });

  it("is matched in one pass: at most one search for each star, each behind the one before", () => {
    const long = fc.string({ unit: fc.constantFrom("a", "b", ".", ".a.", ".b."), maxLength: 400 });
    const stars = fc.string({ unit: fc.constantFrom("*", "*.a.*", ".", "b"), minLength: 3, maxLength: 40 });
    fc.assert(
      fc.property(stars, long, (glob, text) => {
        let [searches, behind] = [0, 0];
        new OriginPattern(glob).matches(text, (whole, part, from) => {
          expect(from).toBeGreaterThanOrEqual(behind);
          searches++;
          const found = whole.indexOf(part, from);
          behind = found === -1 ? whole.length : found + part.length;
          return found;
        });
        expect(searches).toBeLessThan(glob.split("*").length);
      }),
      runs(500),
    );
  });

  it("matches all other characters literally, but ignores case", () => {
    expect(new OriginPattern("https://A.example").matches("https://a.example")).toBe(true);
    expect(new OriginPattern("https://a.example").matches("https://axexample")).toBe(false);
    expect(new OriginPattern("*").matches("null")).toBe(true);
    expect(new OriginPattern("a*a").matches("a")).toBe(false);
  });
});

it.each([
  ["https://router.example", "router.example"],
  ["https://router.example", "router.example:443"],
  ["https://router.example:443", "router.example"],
  ["http://router.example", "router.example:80"],
  ["http://Router.Example:8080", "router.example:8080"],
  ["https://router.example:8080", "router.example:8080"],
  ["http://[::1]:8080", "[::1]:8080"],
  ["capacitor://localhost", "localhost"],
])("a page of %s has the same origin as the host %s", (origin, host) => {
  expect(isSameOrigin(origin, host)).toBe(true);
});

it.each([
  ["https://router.example", "router.example:8080"],
  ["https://router.example", "router.example:80"],
  ["https://evil.example", "router.example"],
  ["https://router.example.evil.net", "router.example"],
  ["https://evil.net/router.example", "router.example"],
  ["https://evil.net@router.example", "router.example"],
  ["https://router.example, https://evil.net", "router.example"],
  ["null", "null"],
  ["", ""],
  ["https://router.example", undefined],
  ["constructor://router.example", "router.example:80"],
])("a page of %s has another origin than the host %s", (origin, host) => {
  expect(isSameOrigin(origin, host)).toBe(false);
});

describe("a cookie lets a client in", () => {
  const host = "router.example";

  it.each<[string, string | undefined, readonly string[] | undefined, boolean]>([
    ["without an Origin, as it is no browser", undefined, undefined, true],
    ["without an Origin, whatever the list says", undefined, ["https://app.example"], true],
    ["for a page of the same origin", "https://router.example", undefined, true],
    ["for a page of the same origin, without TLS", "http://router.example:80", undefined, false],
    ["for a page of the same origin that a star lets connect", "https://router.example", ["*"], true],
    ["for a page that the list names", "https://app.example", ["https://*.other", "https://APP.example"], true],
    ["for a page without TLS that the list names", "http://app.example", ["http://app.example"], true],
  ])("%s", (_what, origin, allowed, isSecure) => {
    expect(takesCookies(origin, host, allowed, isSecure)).toBe(true);
  });

  it.each<[string, string, readonly string[] | undefined, boolean]>([
    ["that only a star lets connect", "https://evil.example", ["*"], false],
    [
      "of the same site that only a pattern lets connect",
      "https://evil.router.example",
      ["https://*.router.example"],
      true,
    ],
    ["whose name is such a pattern", "https://*.router.example", ["https://*.router.example"], true],
    ["of another origin", "https://evil.example", undefined, false],
    ["without an origin of its own", "null", ["*"], false],
    ["without TLS, where the router has it", "http://router.example", ["*"], true],
    ["without TLS, by the scheme ws", "ws://router.example", ["*"], true],
  ])("but never for a page %s", (_what, origin, allowed, isSecure) => {
    expect(takesCookies(origin, host, allowed, isSecure)).toBe(false);
  });
});

describe("a request to open a WebSocket", () => {
  it("passes without an Origin: it is not from a browser", () => {
    expect(refusal(undefined, "router.example")).toBeNull();
    expect(refusal(undefined, "router.example", ["https://app.example"])).toBeNull();
  });

  it("is checked only against the list if there is one", () => {
    expect(refusal("https://app.example", "router.example", ["https://app.example"])).toBeNull();
    expect(refusal("https://router.example", "router.example", ["https://app.example"])).toContain("do not list it");
  });

  it("is checked against the current config's list", () => {
    const origins = new Origins();
    const answers = [["https://a.example"], ["https://b.example"], undefined, ["*"]].map(
      (allowed) => origins.refusal("https://a.example", "a.example:1", allowed) === null,
    );
    expect(answers).toEqual([true, false, false, true]);
  });

  it("is refused in a sentence with both values and the key", () => {
    expect(refusal("https://evil.example", "router.example:8080")).toBe(
      'a page of the origin "https://evil.example" may not connect, since it asked for the host "router.example:8080"; ' +
        "list the origin in this transport's allowed-origins if it may",
    );
    expect(refusal("null", undefined)).toContain('"null" may not connect, since it asked for no host');
  });

  it("gets a text of limited length, without its own control characters", () => {
    const sentence = refusal(`https://\u001b[31m\u0085é"${"x".repeat(10_000)}`, "y".repeat(10_000)) ?? "";
    expect(sentence.length).toBeLessThan(900);
    expect(sentence).toContain(`"https://?[31m??'xxx`);
    expect(sentence).toMatch(/^[ -~…]*$/);
  });
});
