import { once } from "node:events";
import { type ClientOptions, WebSocket } from "ws";
import { FakeClient, type FrameLink } from "@wampgate/plugin-testkit";

const open = new Set<WebSocket>();

/** Ends all clients without a word, so that nobody waits for their GOODBYE. */
export function hangUp(): void {
  for (const socket of open) socket.terminate();
}

export type RawClient = FakeClient & { readonly socket: WebSocket };

/** A client over a real socket that sends what it is told, frame by frame. */
export async function connectRaw(
  url: string,
  protocol = "wamp.2.json",
  options: ClientOptions = {},
): Promise<RawClient> {
  const socket = new WebSocket(url, protocol, options);
  open.add(socket);
  const link: FrameLink = {
    onframe: null,
    onclose: null,
    send: (frame) => socket.send(frame),
    close: () => socket.close(),
  };
  socket.on("message", (data: Buffer, binary) => link.onframe?.(binary ? data : data.toString()));
  socket.on("close", () => {
    open.delete(socket);
    link.onclose?.();
  });
  const client = new FakeClient(link);
  await once(socket, "open");
  return Object.assign(client, { socket });
}
