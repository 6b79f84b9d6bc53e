import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { FakeClient, type FrameLink } from "@wampgate/plugin-testkit";

/**
 * A client over RawSocket that sends what it is told, message by message in JSON.
 *
 * @param url `rs:`, `rss:`, `rs+unix:`
 * @param socket one that leads there
 */
export async function connectRawSocket(
  url: string,
  socket: Socket = dial(url),
): Promise<FakeClient & { readonly socket: Socket }> {
  socket.on("error", () => undefined);
  let waiting = Buffer.alloc(0);
  let isAgreed = false;
  const agreed = new Promise<void>((resolve, reject) => {
    socket.on("close", () => {
      reject(new Error("the router has hung up"));
      link.onclose?.();
    });
    socket.on("data", (data: Buffer) => {
      waiting = Buffer.concat([waiting, data]);
      if (!isAgreed && waiting.length >= 4) {
        if (waiting[0] !== 0x7f) return void socket.destroy(new Error("the answer is no RawSocket"));
        isAgreed = true;
        waiting = waiting.subarray(4);
        resolve();
      }
      while (isAgreed && waiting.length >= 4 && waiting.length >= 4 + waiting.readUIntBE(1, 3)) {
        const end = 4 + waiting.readUIntBE(1, 3);
        link.onframe?.(waiting.subarray(4, end).toString());
        waiting = waiting.subarray(end);
      }
    });
  });
  const link: FrameLink = {
    onframe: null,
    onclose: null,
    send(frame) {
      const bytes = Buffer.from(frame);
      const prefix = Buffer.alloc(4);
      prefix.writeUInt32BE(bytes.length);
      socket.write(Buffer.concat([prefix, bytes]));
    },
    close: () => socket.destroy(),
  };
  const client = new FakeClient(link);
  socket.write(Uint8Array.of(0x7f, 0xf1, 0, 0));
  await agreed;
  return Object.assign(client, { socket });
}

/** A socket to where the router listens. */
export function dial(url: string): Socket {
  const path = /^\w+\+unix:([^:]+)/.exec(url)?.[1];
  if (path !== undefined) return connect({ path });
  const { hostname: host, port } = new URL(url.replace(/^\w+:/, "http:"));
  const where = { host, port: Number(port) };
  return /^(?:rss|wss|https):/.test(url) ? connectTls({ ...where, rejectUnauthorized: false }) : connect(where);
}

/** Sends bytes, and gives all that comes until the router closes. */
export async function answerTo(url: string, bytes: string | Uint8Array): Promise<string> {
  const socket = dial(url);
  socket.on("error", () => undefined);
  socket.write(bytes);
  let answer = "";
  socket.on("data", (data: Buffer) => (answer += data.toString("latin1")));
  await once(socket, "close");
  return answer;
}
