import type { Connection, ConnectionHandler } from "../contract/connection.ts";
import { ConnectionLimiter, type ConnectionSlot } from "./connection-limiter.ts";
import { limitSettings } from "./settings.ts";

const ENDINGS = 100_000;

const nothing = (): void => undefined;
const handler: ConnectionHandler = { message: nothing, violation: nothing, limited: nothing, closed: nothing };

/** Numbers below 1 that are the same for the same seed (a linear congruential generator). */
function random(seed: number): () => number {
  return () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
}

function connectionFrom(peer: string): Connection & { closed: boolean } {
  const connection = { details: { peer }, closed: false, send: nothing, pause: nothing, resume: nothing };
  const close = (): void => void (connection.closed = true);
  return Object.assign(connection, { close }) as unknown as Connection & { closed: boolean };
}

it.each([0, 100])(
  `slots are counted correctly through ${ENDINGS} odd endings, with %i messages a second, and none is left over`,
  (rate) => {
    const settings = limitSettings.parse({
      "max-connections": 50,
      "max-half-open": 30,
      "max-half-open-per-address": 10,
      "max-messages-per-second": rate,
    });
    const limiter = new ConnectionLimiter({ now: settings }, nothing);
    const next = random(99);
    const open = new Map<ConnectionSlot, "half-open" | "joined">();
    let ended = 0;
    let behaviour = 0;
    const entry = limiter.entry((_connection, place) => {
      if (behaviour < 0.05) throw new Error("an accept that fails");
      if (behaviour < 0.15)
        place.ended(); // it was closed before it was taken
      else open.set(place, "half-open");
      return handler;
    });
    while (ended < ENDINGS) {
      const places = [...open.keys()];
      const one = places[Math.floor(next() * places.length)];
      const kind = next();
      if (kind < 0.4 || one === undefined) {
        behaviour = next();
        const connection = connectionFrom(`tcp4:192.0.2.${Math.floor(next() * 5)}:1`);
        try {
          entry.accept(connection);
        } catch {
          ended++;
        }
        if (behaviour < 0.15 || connection.closed) ended++;
      } else if (kind < 0.6) {
        one.joined();
        if (next() < 0.1) one.joined(); // it is told twice
        open.set(one, "joined");
      } else {
        for (let times = next() < 0.2 ? 2 : 1; times > 0; times--) one.ended();
        if (next() < 0.1) one.joined(); // a login that was decided too late
        open.delete(one);
        ended++;
      }
      const stages = [...open.values()];
      const halfOpen = stages.filter((stage) => stage === "half-open").length;
      if (limiter.pendingLogins !== halfOpen || limiter.sessions !== stages.length - halfOpen)
        throw new Error(`wrong after ${ended} endings`);
    }
    for (const place of open.keys()) place.ended();
    expect([limiter.pendingLogins, limiter.sessions]).toEqual([0, 0]);
    expect(entry.refusal("tcp4:192.0.2.1:1")).toBeNull();
  },
);
