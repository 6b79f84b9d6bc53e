import { Duplex } from "node:stream";
import { createServer, type Socket } from "node:net";
import { jest } from "@jest/globals";
import type { ReportedHit } from "../../contract/observers.ts";
import { endpointSchema } from "./settings.ts";
import { PeerAddresses } from "./peer-addresses.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const endpoint = endpointSchema.parse({ type: "tcp", port: 0, "trusted-proxies": ["::1"], "proxy-protocol": true });

/** A socket that sends nothing. */
function silent(remoteAddress: string): Socket {
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  return Object.assign(socket, { remoteAddress, remotePort: 4711 }) as unknown as Socket;
}

function front(): { arrive: (socket: Socket) => void; seen: Socket[]; hits: ReportedHit[] } {
  const seen: Socket[] = [];
  const hits: ReportedHit[] = [];
  const server = createServer((socket) => void seen.push(socket));
  new PeerAddresses(endpoint).expectHeaders(server, { report: (hit) => void hits.push(hit) });
  return { arrive: (socket) => void server.emit("connection", socket), seen, hits };
}

it("a proxy that sends no PROXY header in five seconds is disconnected, and no timer is left", () => {
  const { arrive, seen, hits } = front();
  const socket = silent("::1");
  arrive(socket);
  jest.advanceTimersByTime(4999);
  expect(socket.destroyed).toBe(false);
  jest.advanceTimersByTime(1);
  expect(socket.destroyed).toBe(true);
  expect(hits).toMatchObject([{ limit: "proxy-protocol", peer: "tcp6:::1:4711" }]);
  expect(seen).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
});

it("a client that is not a trusted proxy is disconnected before a byte is read", () => {
  const { arrive, seen, hits } = front();
  const socket = silent("198.51.100.1");
  arrive(socket);
  expect(socket.destroyed).toBe(true);
  expect(hits).toHaveLength(1);
  expect(seen).toEqual([]);
});

it("a peer has its own address if no proxy gives another", () => {
  const peers = new PeerAddresses(endpoint);
  expect(peers.of(silent("::ffff:198.51.100.1"))).toBe("tcp4:198.51.100.1:4711");
  expect(peers.of(silent("2001:db8::1"), "203.0.113.9")).toBe("tcp6:2001:db8::1:4711");
  expect(peers.of(silent("::1"), "203.0.113.9")).toBe("tcp4:203.0.113.9:0");
  expect(peers.of({ remoteAddress: undefined, remotePort: undefined })).toBeUndefined();
  expect(new PeerAddresses(endpointSchema.parse({ type: "unix", path: "/tmp/s" })).of(silent("::1"))).toBe("unix");
});
