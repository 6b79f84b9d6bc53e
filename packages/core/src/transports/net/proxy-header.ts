import { isIP, SocketAddress } from "node:net";

/** Where a connection came from, as its proxy says. */
export interface Source {
  readonly address: string;
  readonly port: number;
}

/** A complete PROXY header. */
export interface ProxyHeader {
  /** Null if the proxy speaks for itself, for example in its health checks. */
  readonly source: Source | null;
  /** In bytes. */
  readonly length: number;
}

/** The bytes are not a PROXY header. */
export class BrokenProxyHeader extends Error {
  override readonly name = "BrokenProxyHeader";
}

const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const LONGEST_TEXT = 107;
const LONGEST_BINARY = 4096;

/**
 * Reads the header of the PROXY protocol, version 1 (a line of text) or 2 (binary), as specified in haproxy's
 * proxy-protocol.txt.
 *
 * @param bytes what has come so far
 * @returns null if more must come
 * @throws BrokenProxyHeader if it cannot be one
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | null {
  const begun = bytes.subarray(0, SIGNATURE.length);
  if (begun.equals(SIGNATURE.subarray(0, begun.length))) return readBinary(bytes);
  const text = bytes.subarray(0, LONGEST_TEXT).toString("latin1");
  if (!"PROXY ".startsWith(text.slice(0, 6))) throw new BrokenProxyHeader("it does not begin with a PROXY header");
  const end = text.indexOf("\r\n");
  if (end !== -1) return { source: sourceOfText(text.slice(0, end)), length: end + 2 };
  if (text.length === LONGEST_TEXT) throw new BrokenProxyHeader("its PROXY header has no end");
  return null;
}

function sourceOfText(line: string): Source | null {
  const [, family, address = "", , port = "", ...rest] = line.split(" ");
  if (family === "UNKNOWN") return null;
  const version = family === "TCP4" ? 4 : family === "TCP6" ? 6 : -1;
  if (isIP(address) !== version || !/^\d{1,5}$/.test(port) || Number(port) > 65_535 || rest.length !== 1) {
    throw new BrokenProxyHeader("its PROXY header names no address and port");
  }
  return { address: canonical(address), port: Number(port) };
}

function readBinary(bytes: Buffer): ProxyHeader | null {
  if (bytes.length < 16) return null;
  const command = bytes.readUInt8(12);
  const family = bytes.readUInt8(13) >> 4;
  const length = 16 + bytes.readUInt16BE(14);
  if (command !== 0x20 && command !== 0x21) throw new BrokenProxyHeader("its PROXY header is of an unknown version");
  if (length > LONGEST_BINARY) throw new BrokenProxyHeader(`its PROXY header has ${length} bytes`);
  if (bytes.length < length) return null;
  const source = command === 0x20 ? null : sourceOfBytes(family, bytes.subarray(16, length));
  return { source, length };
}

function sourceOfBytes(family: number, body: Buffer): Source | null {
  if (family === 1 && body.length >= 12) return { address: body.subarray(0, 4).join("."), port: body.readUInt16BE(8) };
  if (family === 2 && body.length >= 36) {
    const groups = Array.from({ length: 8 }, (_, i) => body.readUInt16BE(2 * i).toString(16));
    return { address: canonical(groups.join(":")), port: body.readUInt16BE(32) };
  }
  if (family === 1 || family === 2) throw new BrokenProxyHeader("its PROXY header is too short for an address");
  return null;
}

/** The canonical form of an address. An IPv4 address within IPv6 becomes the IPv4 address. */
export function canonical(address: string): string {
  if (!address.includes(":") || isIP(address) !== 6) return address;
  return new SocketAddress({ address, family: "ipv6" }).address.replace(/^::ffff:(?=\d+\.)/i, "");
}
