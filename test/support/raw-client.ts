import { once } from "node:events";
import { WebSocket } from "ws";
import { FakeClient, type FrameLink } from "@wampgate/plugin-testkit";

/** A client over a real socket that sends what it is told, frame by frame. */
export async function connectRaw(url: string, protocol = "wamp.2.json"): Promise<FakeClient & { socket: WebSocket }> {
  const socket = new WebSocket(url, protocol);
  const link: FrameLink = {
    onframe: null,
    onclose: null,
    send: (frame) => socket.send(frame),
    close: () => socket.close(),
  };
  socket.on("message", (data: Buffer, binary) => link.onframe?.(binary ? data : data.toString()));
  socket.on("close", () => link.onclose?.());
  const client = new FakeClient(link);
  await once(socket, "open");
  return Object.assign(client, { socket });
}
