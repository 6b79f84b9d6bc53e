import fc from "fast-check";
import { addressOf } from "./address.ts";

it.each([
  ["tcp4:192.0.2.1:17185", "192.0.2.1"],
  ["tcp6:2001:db8:1:2:3:4:5:6:443", "2001:db8:1:2::/64"],
  ["tcp6:2001:0DB8:0001:0002::9:443", "2001:db8:1:2::/64"],
  ["tcp6:2001:db8::1:443", "2001:db8:0:0::/64"],
  ["tcp6:::1:443", "0:0:0:0::/64"],
  ["tcp6:fe80::1%eth0:443", "fe80:0:0:0::/64"],
  ["tcp6:64:ff9b::192.0.2.1:443", "64:ff9b:0:0::/64"],
  ["unix", null],
  ["memory", null],
  ["process", null],
  ["", null],
])("%s is counted as %s", (peer, address) => {
  expect(addressOf(peer)).toBe(address);
});

it("all addresses of one IPv6 network of 64 bits count as one", () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      expect(addressOf(`tcp6:${address}:1`)).toMatch(/^[0-9a-f]{1,4}(:[0-9a-f]{1,4}){3}::\/64$/);
    }),
  );
});
