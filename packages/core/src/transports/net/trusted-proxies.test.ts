import fc from "fast-check";
import { TrustedProxies, trustedProxiesSchema } from "./trusted-proxies.ts";

const proxies = new TrustedProxies(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]);

it.each([
  ["ignored from a peer that is not trusted", "198.51.100.1", "203.0.113.9", "198.51.100.1"],
  ["the one proxy says it", "10.0.0.1", "203.0.113.9", "203.0.113.9"],
  ["a value forged by the client is before what the proxy adds", "10.0.0.1", "127.0.0.1, 203.0.113.9", "203.0.113.9"],
  ["through two proxies", "10.0.0.1", "1.1.1.1, 203.0.113.9, 192.0.2.1", "203.0.113.9"],
  ["all of them trusted: the first", "10.0.0.1", "10.9.9.9, 10.0.0.2", "10.9.9.9"],
  ["with a port", "10.0.0.1", "203.0.113.9:4711", "203.0.113.9"],
  ["IPv6", "2001:db8::1", "2001:DB9:0:0::7", "2001:db9::7"],
  ["IPv6 with a port", "10.0.0.1", "[2001:db9::7]:4711", "2001:db9::7"],
  ["IPv4 within IPv6", "10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"],
  ["a value that is not an address is ignored", "10.0.0.1", "unknown", "10.0.0.1"],
  ["and so are the values before it", "10.0.0.1", "203.0.113.9, _hidden, 192.0.2.1", "192.0.2.1"],
  ["empty", "10.0.0.1", "", "10.0.0.1"],
])("%s", (_what, address, header, client) => {
  expect(proxies.clientOf(address, header)).toBe(client);
});

it.each([
  ["ignored from a peer that is not trusted", "198.51.100.1", "app.example", "", null],
  ["the one proxy says it", "10.0.0.1", "app.example", "203.0.113.9", "app.example"],
  ["a value forged by the client is before it", "10.0.0.1", "evil.example, app.example", "203.0.113.9", "app.example"],
  ["of two proxies the outer one", "10.0.0.1", "evil, app.example, inner", "203.0.113.9, 192.0.2.1", "app.example"],
  ["if only one of two wrote it", "10.0.0.1", "app.example", "203.0.113.9, 192.0.2.1", "app.example"],
  ["without X-Forwarded-For", "10.0.0.1", "evil.example, app.example", "", "app.example"],
  ["empty", "10.0.0.1", "", "203.0.113.9", null],
])("X-Forwarded-Host and X-Forwarded-Proto: %s", (_what, address, values, clients, value) => {
  expect(proxies.hostOf(address, values, clients)).toBe(value);
  expect(proxies.protocolOf(address, values, clients)).toBe(value);
});

it("no header throws, and none changes the address of an untrusted peer", () => {
  fc.assert(
    fc.property(fc.string(), (header) => {
      expect(proxies.clientOf("198.51.100.1", header)).toBe("198.51.100.1");
      expect(proxies.clientOf("10.0.0.1", header)).toEqual(expect.any(String));
    }),
  );
});

it.each(["192.0.2.1", "10.0.0.0/8", "::1", "2001:db8::/32", "0.0.0.0/0"])("%s is an address or a network", (text) => {
  expect(trustedProxiesSchema.safeParse([text]).success).toBe(true);
});

it.each(["", "proxy.example.com", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.0/-1", "300.0.0.1"])(
  "%j is none",
  (text) => {
    expect(trustedProxiesSchema.safeParse([text]).success).toBe(false);
  },
);
