import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Writable } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import type { Log } from "../../contract/log.ts";
import { ClientSocket } from "./client-socket.ts";
import type { FrameConnection } from "../frames/frame-connection.ts";

const gone = { gone: () => undefined } as unknown as FrameConnection;
const owner = { clients: new Set<WebSocket>(), log: {} as Log };

const http = createServer();
afterAll(() => http.close());

it("the end of a client makes ws end its stream twice, of which Node sees the first", async () => {
  const server = new WebSocketServer({ server: http, WebSocket: ClientSocket });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
  const [[ws]] = (await Promise.all([once(server, "connection"), once(client, "open")])) as [[ClientSocket], unknown];
  ws.serve(gone, owner);
  const { _receiver: incoming } = ws as unknown as { readonly _receiver: Writable };
  expect(incoming.writableEnded).toBe(false);
  client.terminate();
  await once(ws, "close");
  expect(incoming.writableFinished).toBe(true);
  const problems: unknown[] = [];
  // What is ended again without an error does not call back: Node would, with the error that it created.
  incoming.end((error?: Error) => problems.push(error));
  await new Promise(setImmediate);
  expect(problems).toEqual([]);
  expect(owner.clients.size).toBe(0);
});
