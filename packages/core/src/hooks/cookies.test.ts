import fc from "fast-check";
import { cookiesIn, cookiesOf, withoutCookie } from "./cookies.ts";

const HEADER = 'theme=dark; cbtid=one; other="x=y"; cbtid="two"; Cbtid=three; cbtid';

it("a cookie has all values that were sent for its name, in whose letters case counts", () => {
  expect(cookiesOf(HEADER, "cbtid")).toEqual(["one", "two", "cbtid"]);
  expect(cookiesOf(HEADER, "other")).toEqual(["x=y"]);
  expect(cookiesOf(HEADER, "theme")).toEqual(["dark"]);
  expect(cookiesOf(HEADER, "none")).toEqual([]);
  expect(cookiesOf("", "cbtid")).toEqual([]);
});

it("a header is told without a cookie", () => {
  expect(withoutCookie(HEADER, "cbtid")).toBe('theme=dark; other="x=y"; Cbtid=three');
  expect(withoutCookie("cbtid=one", "cbtid")).toBe("");
  expect(withoutCookie("theme=dark", "cbtid")).toBe("theme=dark");
});

it("no cookie lets a client in whose page is not the router's own", () => {
  const http_headers_received = { cookie: HEADER };
  expect(cookiesIn({ takesCookies: true, http_headers_received }, "theme")).toEqual(["dark"]);
  expect(cookiesIn({ takesCookies: false, http_headers_received }, "theme")).toEqual([]);
  expect(cookiesIn({ takesCookies: true, http_headers_received: {} }, "theme")).toEqual([]);
});

it("whatever is sent, a cookie that was taken out is not there any more", () => {
  const piece = fc.constantFrom("a", "b", "=", ";", " ", '"', "\t", "a=b; ", "b=a;");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      expect(cookiesOf(withoutCookie(pieces.join(""), "a"), "a")).toEqual([]);
    }),
  );
});
