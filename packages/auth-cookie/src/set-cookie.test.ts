import fc from "fast-check";
import { isId, isKey, keyOf, newId, pathOf, setCookie, trackingIdOf } from "./set-cookie.ts";
import { block } from "./settings.ts";

const asked = { url: "/ws?room=7", isSecure: false };

it("an id has the length that is wanted, is like no other, and its key tells nothing of it", () => {
  const ids = [22, 24, 64].flatMap((length) => Array.from({ length: 100 }, () => newId(length)));
  expect(new Set(ids).size).toBe(300);
  expect(ids.every(isId)).toBe(true);
  expect([ids[0]?.length, ids[299]?.length]).toEqual([22, 64]);
  const [id = ""] = ids;
  const key = keyOf(id);
  expect(isKey(key)).toBe(true);
  expect(isKey(id)).toBe(false);
  expect([key, trackingIdOf(key)].some((text) => text.includes(id.slice(0, 8)))).toBe(false);
  expect(trackingIdOf(key)).not.toBe(key.slice(0, 24));
});

it.each([
  ["/ws?room=7", {}, "/ws"],
  ["/", {}, "/"],
  ["/a;b", {}, "/"],
  ["/ä", {}, "/"],
  ["/ws", { path: "/all" }, "/all"],
  ["/ws", { name: "__Host-id" }, "/"],
])("asked for %s with %j, it is sent below %s", (url, settings, path) => {
  expect(pathOf(block.parse(settings), { ...asked, url })).toBe(path);
});

it("whatever the config says and the client asks for, it is one header with no more attributes than are meant", () => {
  const settings = fc.record(
    {
      name: fc.string({ unit: "grapheme-ascii", maxLength: 20 }),
      path: fc.string({ maxLength: 20 }).map((text) => `/${text}`),
      "same-site": fc.constantFrom("Strict", "Lax", "None"),
      secure: fc.boolean(),
      "http-strict": fc.boolean(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(settings, fc.string(), fc.boolean(), (written, url, isSecure) => {
      const parsed = block.safeParse(written);
      fc.pre(parsed.success);
      const header = setCookie(newId(24), parsed.data, { url: `/${url}`, isSecure });
      expect(header).toMatch(
        /^[^\s;=,"]+=[\w-]{24}; Max-Age=604800; Path=\/[!-:<-~]*(; Secure)?(; HttpOnly)?; SameSite=(Strict|Lax|None)$/,
      );
      if (header.includes("None")) expect(header).toContain("; Secure");
    }),
  );
});
