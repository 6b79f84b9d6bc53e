import { Socket } from "node:net";
import { Writable } from "node:stream";
import { type RawData, WebSocket } from "ws";
import type { Log } from "../../contract/log.ts";
import { endings } from "../frames/endings.ts";
import type { FrameConnection } from "../frames/frame-connection.ts";

/** The entry of a WebSocket. */
export interface Owner {
  /** Those that are open. */
  readonly clients: Set<WebSocket>;
  readonly log: Log;
}

/** The router's end of one WebSocket. All of them share their listeners, which find here what is theirs. */
export class ClientSocket extends WebSocket {
  /** Null before `serve`. */
  connection: FrameConnection | null = null;
  owner: Owner | null = null;
  /** Whether ws has found an error, and reads no more. */
  hasFailed = false;

  /** Passes to the connection what comes, until the end. */
  serve(connection: FrameConnection, owner: Owner): void {
    this.connection = connection;
    this.owner = owner;
    owner.clients.add(this);
    endOnce(this);
    endInTurn(this);
    this.on("message", onMessage);
    this.on("error", onError);
    this.on("close", onClose);
  }
}

function onMessage(this: WebSocket, data: RawData, binary: boolean): void {
  if (this instanceof ClientSocket) this.connection?.received(data as Buffer, binary);
}

function onError(this: WebSocket, error: Error): void {
  if (!(this instanceof ClientSocket)) return;
  const { connection, owner } = this;
  this.hasFailed = true;
  if (isTooLarge(error)) connection?.limited("max-message-size", "disconnected a client that sent too large a frame");
  else if (isViolation(error)) connection?.violated(`WebSocket: ${error.message}`);
  else owner?.log.debug({ peer: connection?.details.peer, err: error }, "a WebSocket failed");
}

function onClose(this: WebSocket): void {
  if (!(this instanceof ClientSocket)) return;
  this.owner?.clients.delete(this);
  this.connection?.gone();
}

/** What ws found wrong in a client's frames; ws closes the connection itself. */
function isTooLarge(error: Error): boolean {
  return "code" in error && error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
}

function isViolation(error: Error): boolean {
  return "code" in error && String(error.code).startsWith("WS_ERR_");
}

/**
 * ws ends the stream of what comes when the client ends its side, and once more when the socket is closed. For the second
 * time Node creates an error, which has no reader.
 */
function endOnce(ws: WebSocket): void {
  const { _receiver: incoming } = ws as { _receiver?: unknown };
  if (incoming instanceof Writable) incoming.end = endedOnce;
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with the stream
const end = Writable.prototype.end as (this: Writable) => Writable;

/**
 * When the client ends its side, ws ends the other one at once, and the system closes the socket. That is half of what a
 * lost client costs: it waits for its turn, as the end of the session does.
 */
function endInTurn(ws: WebSocket): void {
  const { _socket: socket } = ws as { _socket?: unknown };
  if (socket instanceof Socket) socket.end = endedInTurn;
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with the socket
const endSocket = Socket.prototype.end as (this: Socket, ...args: unknown[]) => Socket;

function endedInTurn(this: Socket, ...args: unknown[]): Socket {
  if (!this.readableEnded) return endSocket.call(this, ...args);
  endings.run(
    () => endSocket.call(this, ...args),
    () => this.destroy(),
  );
  return this;
}

function endedOnce(this: Writable): Writable {
  return this.writableEnded ? this : end.call(this);
}
