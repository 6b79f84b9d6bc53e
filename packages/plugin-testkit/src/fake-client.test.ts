import { FakeClient, type FrameLink } from "./fake-client.ts";

const linked = (): { client: FakeClient; link: FrameLink } => {
  const link: FrameLink = { onframe: null, onclose: null, send: () => undefined, close: () => undefined };
  return { client: new FakeClient(link, 60_000), link };
};

it("a later next() takes the place of one that waits, which rejects and leaves no timer", async () => {
  const { client, link } = linked();
  const earlier = client.next();
  const later = client.next();
  await expect(earlier).rejects.toThrow("a later next() waits for the message");
  link.onframe?.('[6,{},"wamp.close.goodbye_and_out"]');
  await expect(later).resolves.toEqual([6, {}, "wamp.close.goodbye_and_out"]);
});

it("next() rejects when the router closes the connection", async () => {
  const { client, link } = linked();
  const waiting = client.next();
  link.onclose?.();
  await expect(waiting).rejects.toThrow("the router closed the connection instead of sending a message");
  await expect(client.next()).rejects.toThrow("the router has closed the connection");
});
