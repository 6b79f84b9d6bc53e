import { EventEmitter, once } from "node:events";
import type { WebSocket } from "ws";
import { KeepAlive } from "./keep-alive.ts";

const INTERVAL = 40;

/** The part of a WebSocket that KeepAlive needs. */
class Client extends EventEmitter {
  ping(): void {
    this.emit("pinged");
  }

  terminate(): void {
    this.emit("terminated");
    this.emit("close");
  }
}

function watched(): Client {
  const client = new Client();
  new KeepAlive(INTERVAL).watch(client as unknown as WebSocket, () => client.emit("lost"));
  return client;
}

it("a client that answers no PING is disconnected at the next one", async () => {
  const client = watched();
  await once(client, "pinged");
  const lost = once(client, "lost");
  await once(client, "terminated");
  await lost; // and that is reported
});

it("a client that answered while the router was held up stays connected", async () => {
  const client = watched();
  const ended = once(client, "terminated");
  await once(client, "pinged");
  const until = performance.now() + 2 * INTERVAL;
  while (performance.now() < until); // holds up the event loop: the answer is there, but is not read
  const next = await Promise.race([once(client, "pinged").then(() => "pinged"), ended.then(() => "terminated")]);
  expect(next).toBe("pinged");
  await ended; // it never answered
});
