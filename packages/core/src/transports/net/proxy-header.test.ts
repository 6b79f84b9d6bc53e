import fc from "fast-check";
import { runs } from "../../../../../jest/runs.ts";
import { BrokenProxyHeader, type ProxyHeader, readProxyHeader } from "./proxy-header.ts";

const text = (line: string): Buffer => Buffer.from(line, "latin1");

function binary(command: number, family: number, body: Buffer): Buffer {
  const head = Buffer.from("\r\n\r\n\0\r\nQUIT\n\0\0\0\0", "latin1");
  head.writeUInt8(command, 12);
  head.writeUInt8(family, 13);
  head.writeUInt16BE(body.length, 14);
  return Buffer.concat([head, body]);
}

const v4 = Buffer.of(192, 0, 2, 1, 127, 0, 0, 1, 0x43, 0x21, 0x1f, 0x90);
const v6 = Buffer.concat([
  Buffer.from("20010db8000000000000000000000001", "hex"),
  Buffer.alloc(16),
  Buffer.of(0x43, 0x21, 0x1f, 0x90),
]);
const mapped = Buffer.concat([Buffer.from("00000000000000000000ffffc0000201", "hex"), Buffer.alloc(20)]);

const good: [string, Buffer, ProxyHeader["source"]][] = [
  ["TCP4", text("PROXY TCP4 192.0.2.1 127.0.0.1 17185 8080\r\n"), { address: "192.0.2.1", port: 17185 }],
  ["TCP6", text("PROXY TCP6 2001:DB8:0::1 ::1 17185 8080\r\n"), { address: "2001:db8::1", port: 17185 }],
  ["UNKNOWN", text("PROXY UNKNOWN\r\n"), null],
  ["UNKNOWN with more", text("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n"), null],
  ["binary, IPv4", binary(0x21, 0x11, v4), { address: "192.0.2.1", port: 17185 }],
  ["binary, IPv6", binary(0x21, 0x21, v6), { address: "2001:db8::1", port: 17185 }],
  ["binary, IPv4 in IPv6", binary(0x21, 0x21, mapped), { address: "192.0.2.1", port: 0 }],
  [
    "binary, with more behind the address",
    binary(0x21, 0x11, Buffer.concat([v4, Buffer.alloc(50)])),
    { address: "192.0.2.1", port: 17185 },
  ],
  ["binary, LOCAL", binary(0x20, 0x00, Buffer.alloc(0)), null],
  ["binary, of a Unix socket", binary(0x21, 0x31, Buffer.alloc(216)), null],
];

describe.each(good)("%s", (_name, header, source) => {
  it("is read completely, whatever follows", () => {
    expect(readProxyHeader(header)).toEqual({ source, length: header.length });
    expect(readProxyHeader(Buffer.concat([header, text("GET / HTTP/1.1\r\n\r\n")]))).toEqual({
      source,
      length: header.length,
    });
  });

  it("is waited for, byte by byte", () => {
    for (let i = 0; i < header.length; i++) expect(readProxyHeader(header.subarray(0, i))).toBeNull();
  });
});

it.each([
  ["an HTTP request", text("GET / HTTP/1.1\r\n")],
  ["its first byte", text("G")],
  ["a RawSocket handshake", Buffer.of(0x7f, 0xf1, 0, 0)],
  ["no family", text("PROXY \r\n")],
  ["an unknown family", text("PROXY TCP5 192.0.2.1 127.0.0.1 1 2\r\n")],
  ["an address of another family", text("PROXY TCP4 ::1 ::1 1 2\r\n")],
  ["an address that is none", text("PROXY TCP4 192.0.2.256 127.0.0.1 1 2\r\n")],
  ["a port that is none", text("PROXY TCP4 192.0.2.1 127.0.0.1 65536 2\r\n")],
  ["too few words", text("PROXY TCP4 192.0.2.1 127.0.0.1 1\r\n")],
  ["too many words", text("PROXY TCP4 192.0.2.1 127.0.0.1 1 2 3\r\n")],
  ["a line without end", text(`PROXY UNKNOWN ${"x".repeat(200)}`)],
  ["a version that is none", binary(0x11, 0x11, v4)],
  ["a command that is none", binary(0x22, 0x11, v4)],
  ["a body too short for its address", binary(0x21, 0x11, v4.subarray(0, 8))],
  ["a length past the limit", binary(0x21, 0x11, Buffer.alloc(5000))],
])("%s is none", (_name, bytes) => {
  expect(() => readProxyHeader(bytes)).toThrow(BrokenProxyHeader);
});

it("no bytes throw any other error, or make it wait beyond the limit", () => {
  const begun = fc.constantFrom(...good.map(([, header]) => header), text("PROXY TCP4 "), text("PROXY TCP6 "));
  const mutated = fc
    .tuple(begun, fc.nat(), fc.uint8Array({ maxLength: 200 }))
    .map(([header, at, noise]) => Buffer.concat([header.subarray(0, at % header.length), noise]));
  fc.assert(
    fc.property(
      fc.oneof(
        mutated,
        fc.uint8Array({ maxLength: 6000 }).map((bytes) => Buffer.from(bytes)),
      ),
      (bytes) => {
        try {
          const header = readProxyHeader(bytes);
          if (header === null) expect(bytes.length).toBeLessThan(4096);
          else expect(header.length).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(BrokenProxyHeader);
        }
      },
    ),
    runs(2000),
  );
});
