import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { constants, deflateRawSync } from "node:zlib";
import { InflatingSocket } from "./inflating-socket.ts";

const LIMITS = { maxMessageSize: 1_000_000, maxRatio: 100, maxFragments: 100 };

const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

/** Both ends of a connection; the router's is inflating. */
async function pair(): Promise<{ client: Socket; socket: Socket; inflating: InflatingSocket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
  const [socket] = (await once(server, "connection")) as [Socket];
  ends.push(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });
  const inflating = new InflatingSocket(socket, LIMITS);
  inflating.allow();
  return { client, socket, inflating };
}

function compressedFrame(text: string): Buffer {
  const payload = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
  return Buffer.concat([Buffer.from([0xc1, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

async function collected(stream: InflatingSocket): Promise<string> {
  return Buffer.concat(await stream.toArray()).toString("latin1");
}

it("a message that is followed by the end of the stream at once still comes", async () => {
  const { client, inflating } = await pair();
  client.end(compressedFrame("hello"));
  expect(await collected(inflating)).toBe("\x81\x85\0\0\0\0hello");
});

it("nothing is read while nobody takes what came", async () => {
  const { client, socket, inflating } = await pair();
  const plain = Buffer.concat([
    Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0]),
    Buffer.alloc(0xffff),
  ]);
  const sent = Buffer.concat(Array.from({ length: 400 }, () => plain));
  client.end(sent);
  while (!socket.isPaused()) await once(socket, "data");
  expect(inflating.readableLength).toBeLessThan(400_000);
  let length = 0;
  for await (const chunk of inflating) length += (chunk as Buffer).length;
  expect(length).toBe(sent.length);
});

it("pieces that are written together stay together, whatever else is written to the socket", async () => {
  const { client, socket, inflating } = await pair();
  const large = Buffer.alloc(4_000_000, "-");
  inflating.write(large);
  inflating.cork();
  inflating.write("head");
  inflating.write("payload");
  inflating.uncork();
  socket.write("others");
  inflating.end();
  const text = Buffer.concat(await client.toArray())
    .toString()
    .replace(/^-+/, "");
  expect(text).toMatch(/headpayload/);
  expect(text).toMatch(/others/);
});

it("both sockets end together, whichever is destroyed", async () => {
  const one = await pair();
  one.socket.destroy();
  await once(one.inflating, "close");
  const other = await pair();
  other.inflating.destroy();
  await once(other.socket, "close");
  await new Promise<void>((resolve) => other.inflating.write("too late", () => resolve()));
});
