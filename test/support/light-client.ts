import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Code } from "@wampgate/core";
import { FakeClient, type FrameLink, type WireMessage } from "@wampgate/plugin-testkit";

/** How long a client waits for a message, in milliseconds: thousands share the machine with the router. */
const PATIENCE = 60_000;

export interface LightOptions {
  /** The address it comes from; any of 127.0.0.0/8 is this machine's. */
  readonly from?: string;
}

/** A client that takes little memory and time, so that a test may have thousands. */
export type LightClient = FakeClient & {
  readonly socket: Socket;
  /** Told of each PING, before it is answered. */
  onping: (() => void) | null;
};

/** Opens a socket to where a URL of the router points: `ws:`, `wss:`, `rs:`, `ws+unix:`. No certificate is checked. */
export async function openSocket(url: string, { from }: LightOptions = {}): Promise<Socket> {
  const local = from === undefined ? {} : { localAddress: from };
  let socket: Socket;
  if (url.startsWith("ws+unix:")) socket = connect({ path: url.split(":")[1] ?? "" });
  else {
    const { hostname: host, port } = new URL(url.replace(/^\w+:/, "http:"));
    const to = { host, port: Number(port), noDelay: true, ...local };
    socket = url.startsWith("wss:") ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
  }
  // A reset is an end like any other. It can come in the same turn as the connection, before what follows the await.
  socket.on("error", () => undefined);
  try {
    await once(socket, url.startsWith("wss:") ? "secureConnect" : "connect");
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
}

/** Resolves when the socket is closed, by a reset or otherwise. */
export function gone(socket: Socket): Promise<void> {
  return socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once("close", () => resolve()));
}

/** The HTTP request that asks for a WebSocket. */
export function upgradeRequest(path = "/ws"): string {
  return (
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\nSec-WebSocket-Version: 13\r\n` +
    `Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n`
  );
}

/** Has a socket upgraded to WebSocket. */
export async function upgraded(socket: Socket): Promise<Socket> {
  socket.write(upgradeRequest());
  let head = "";
  while (!head.includes("\r\n\r\n")) {
    const [data] = (await Promise.race([once(socket, "data"), once(socket, "close")])) as unknown[];
    if (!Buffer.isBuffer(data)) throw new Error("the router closed the connection instead of upgrading it");
    head += data.toString("latin1");
  }
  if (head.startsWith("HTTP/1.1 101 ")) return socket;
  socket.destroy();
  throw new Error(`the router did not upgrade the connection: ${head.slice(9, head.indexOf("\r\n"))}`);
}

/** Opens a socket, and has it upgraded to WebSocket. */
export async function openWebSocket(url: string, options: LightOptions = {}): Promise<Socket> {
  return upgraded(await openSocket(url, options));
}

/** Connects by WebSocket, to speak JSON. */
export async function connectLight(url: string, options: LightOptions = {}): Promise<LightClient> {
  return clientOver(await openWebSocket(url, options));
}

const GOODBYE = JSON.stringify([Code.GOODBYE, {}, "wamp.close.goodbye_and_out"]);

/** A client over a socket that has been upgraded. It answers PING, CLOSE and GOODBYE, and does nothing else by itself. */
export function clientOver(socket: Socket): LightClient {
  const link: FrameLink = {
    onframe: null,
    onclose: null,
    send: (frame) => void socket.write(clientFrame(Opcode.text, Buffer.from(frame))),
    close: () => socket.destroy(),
  };
  const extras: Pick<LightClient, "socket" | "onping"> = { socket, onping: null };
  const client = Object.assign(new FakeClient(link, PATIENCE), extras);
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let frame = frameIn(rest); frame !== null; frame = frameIn(rest)) {
      rest = rest.subarray(frame.end);
      if (frame.opcode === Opcode.text) {
        const text = frame.payload.toString();
        if (text.startsWith(`[${Code.GOODBYE},`)) link.send(GOODBYE);
        link.onframe?.(text);
      } else if (frame.opcode === Opcode.ping) {
        client.onping?.();
        socket.write(clientFrame(Opcode.pong, frame.payload));
      } else if (frame.opcode === Opcode.close) socket.end(clientFrame(Opcode.close, frame.payload));
    }
  });
  socket.once("close", () => link.onclose?.());
  return client;
}

/** Connects, and joins as whoever the method `anonymous` makes of it. */
export async function joinLight(url: string, options: LightOptions = {}): Promise<LightClient> {
  const client = await connectLight(url, options);
  client.hello({ authmethods: ["anonymous"] });
  await client.welcomed();
  return client;
}

/** Who logs in, how. */
export interface Login {
  /** Default: realm1. */
  readonly realm?: string;
  readonly authmethod: "anonymous" | "ticket" | "wampcra";
  readonly authid: string;
  /** Its ticket, or its key for WAMP-CRA. */
  readonly secret: string;
}

/** Connects and logs in. @returns the client, and WELCOME or ABORT */
export async function logIn(
  url: string,
  { realm, authmethod, authid, secret }: Login,
  options: LightOptions = {},
): Promise<{ client: LightClient; answer: WireMessage }> {
  const client = await connectLight(url, options);
  client.hello({ ...(realm === undefined ? {} : { realm }), authid, authmethods: [authmethod] });
  let answer = await client.next();
  if (answer[0] === Code.CHALLENGE) {
    const { challenge } = answer[2] as { challenge?: string };
    const signed = challenge === undefined ? secret : createHmac("sha256", secret).update(challenge).digest("base64");
    client.authenticate(signed);
    answer = await client.next();
  }
  return { client, answer };
}

/** RFC 6455 section 5.2. */
const Opcode = { text: 1, close: 8, ping: 9, pong: 10 } as const;

/** A client's frame, masked with the key 0, which leaves the bytes as they are. */
export function clientFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  if (length > 0xffff) throw new Error("a light client sends no frame over 64 KiB");
  const head = Buffer.alloc(length > 125 ? 8 : 6);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (length > 125 ? 126 : length);
  if (length > 125) head.writeUInt16BE(length, 2);
  return Buffer.concat([head, payload]);
}

/** The first whole frame of a server, null where it has not all come. */
function frameIn(data: Buffer): { opcode: number; payload: Buffer; end: number } | null {
  if (data.length < 2) return null;
  let length = (data[1] ?? 0) & 0x7f;
  const head = length === 127 ? 10 : length === 126 ? 4 : 2;
  if (data.length < head) return null;
  if (head === 4) length = data.readUInt16BE(2);
  if (head === 10) length = Number(data.readBigUInt64BE(2));
  const end = head + length;
  return data.length < end ? null : { opcode: (data[0] ?? 0) & 0x0f, payload: data.subarray(head, end), end };
}
