import type { Socket } from "node:net";
import { jest } from "@jest/globals";
import { entrySettings } from "../../config/core-schema.ts";
import { tcpPeer } from "./details.ts";
import { endpointSchema } from "./settings.ts";
import { PendingSockets } from "./pending-sockets.ts";
import { PeerAddresses } from "./peer-addresses.ts";

const ENDINGS = 100_000;
const plain = endpointSchema.parse({ type: "tcp", port: 0, "trusted-proxies": ["192.0.2.9"] });
const secure = endpointSchema.parse({ type: "tcp", port: 0, tls: { key: "key.pem", certificate: "cert.pem" } });

/** Numbers below 1 that are the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A TCP socket, as far as PendingSockets looks at it. */
class FakeSocket {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  destroyed = false;

  constructor(remoteAddress: string | undefined, remotePort: number | undefined) {
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }

  destroy(): void {
    this.destroyed = true;
  }

  get real(): Socket {
    return this as unknown as Socket;
  }
}

function pendingSocketsFor(endpoint: typeof plain, settings: object = {}) {
  const hits: string[] = [];
  const pending = new PendingSockets(new PeerAddresses(endpoint), ({ limit }) => void hits.push(limit));
  pending.addEntry({ limits: entrySettings.parse(settings) });
  return { pending, hits };
}

describe.each([
  ["plain", plain],
  ["TLS", secure],
])("pending %s sockets", (_kind, endpoint) => {
  it(`are counted correctly through ${ENDINGS} odd endings, and none is left over`, () => {
    const { pending } = pendingSocketsFor(endpoint, { "max-half-open": 40, "max-half-open-per-address": 15 });
    const next = random(20_240_229);
    const pick = (count: number): number => Math.floor(next() * count);
    /** The open sockets, and whether each is pending. */
    const open = new Map<FakeSocket, boolean>();
    const newest = new Map<string, FakeSocket>();
    const leave = (socket: FakeSocket): void => {
      if (open.get(socket) === true) open.set(socket, false);
    };
    let ended = 0;
    while (ended < ENDINGS) {
      const kind = next();
      const sockets = [...open.keys()];
      const one = sockets[pick(sockets.length)];
      if (one === undefined || (kind < 0.4 && open.size < 60)) {
        // Only a few ports, so that the same address and port often occur twice: a reset, and a reconnect.
        const isGone = next() < 0.02;
        const socket = new FakeSocket(isGone ? undefined : `192.0.2.${pick(12)}`, isGone ? undefined : pick(6));
        pending.enter(socket.real);
        open.set(socket, !socket.destroyed);
        if (!socket.destroyed) newest.set(tcpPeer(socket) ?? "gone", socket);
      } else if (kind < 0.65) {
        // An entry takes it, by the TLS socket around it if there is one, which only address and port identify.
        const isSecure = endpoint === secure;
        const around = isSecure ? new FakeSocket(one.remoteAddress, one.remotePort) : one;
        const found = isSecure ? newest.get(tcpPeer(one) ?? "none") : one;
        pending.taken(around.real);
        if (found !== undefined && open.get(found) === true) {
          leave(found);
          if (newest.get(tcpPeer(found) ?? "gone") === found) newest.delete(tcpPeer(found) ?? "gone");
        }
      } else {
        // It is closed, and sometimes that is reported twice.
        for (let times = next() < 0.1 ? 2 : 1; times > 0; times--) pending.leave(one.real);
        if (newest.get(tcpPeer(one) ?? "gone") === one) newest.delete(tcpPeer(one) ?? "gone");
        open.delete(one);
        ended++;
      }
      if (pending.count !== [...open.values()].filter(Boolean).length) throw new Error(`wrong after ${ended} endings`);
    }
    for (const socket of open.keys()) pending.leave(socket.real);
    expect(pending.count).toBe(0);
    // None is left over at any address: each has all its room again.
    for (let host = 0; host < 12; host++) {
      const sockets = Array.from({ length: 16 }, (_, port) => new FakeSocket(`192.0.2.${host}`, port));
      for (const socket of sockets) pending.enter(socket.real);
      const isProxy = endpoint === plain && host === 9; // whose clients are counted elsewhere
      expect(sockets.filter(({ destroyed }) => destroyed)).toHaveLength(isProxy ? 0 : 1);
      for (const socket of sockets) pending.leave(socket.real);
    }
    expect(pending.count).toBe(0);
  });
});

it("a client that is reset and reconnects from the same port has two slots, and each is freed with its own socket", () => {
  const { pending } = pendingSocketsFor(secure);
  const [old, again] = [new FakeSocket("192.0.2.1", 4711), new FakeSocket("192.0.2.1", 4711)];
  pending.enter(old.real);
  pending.enter(again.real);
  expect(pending.count).toBe(2);
  pending.leave(old.real);
  expect(pending.count).toBe(1);
  pending.taken(new FakeSocket("192.0.2.1", 4711).real);
  expect(pending.count).toBe(0);
  pending.leave(again.real);
  expect(pending.count).toBe(0);
});

describe("a socket without any other deadline", () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it("is closed after 30 seconds as a pending socket, and no timer is left over", () => {
    const { pending } = pendingSocketsFor(plain);
    const sockets = [1, 2, 3].map((port) => {
      const socket = new FakeSocket("192.0.2.1", port);
      pending.enter(socket.real);
      jest.advanceTimersByTime(10_000);
      return socket;
    });
    const closed = (): boolean[] => sockets.map(({ destroyed }) => destroyed);
    expect(closed()).toEqual([true, false, false]);
    pending.taken(sockets[1]?.real as Socket);
    jest.advanceTimersByTime(20_000);
    expect(closed()).toEqual([true, false, true]);
    for (const socket of sockets) pending.leave(socket.real);
    expect([pending.count, jest.getTimerCount()]).toEqual([0, 0]);
  });
});
