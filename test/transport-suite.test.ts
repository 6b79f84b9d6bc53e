import { once } from "node:events";
import { connect } from "node:net";
import {
  definePlugin,
  defineTransport,
  FrameConnection,
  subprotocolsOf,
  transportDetails,
  type Wire,
  z,
} from "@wampgate/core";
import { describeTransport, type FrameLink, type TransportSpec } from "@wampgate/plugin-testkit";
import { WebSocket } from "ws";

// The kit's suite for transports, with those of core and with some that are wrong.

const endpoint = { type: "tcp", host: "127.0.0.1", port: 0 };

async function overWebSocket(url: string): Promise<FrameLink> {
  const socket = new WebSocket(url, "wamp.2.json");
  const link: FrameLink = {
    send: (frame) => socket.send(frame),
    onframe: null,
    onclose: null,
    close: () => socket.terminate(),
  };
  socket.on("message", (data: Buffer) => link.onframe?.(data.toString()));
  socket.on("close", () => link.onclose?.());
  await once(socket, "open");
  socket.on("error", () => undefined);
  return link;
}

/** RawSocket's handshake for JSON and messages of up to 16 MiB, and its frames (spec, advanced/transport_rawsocket). */
async function overRawSocket(url: string): Promise<FrameLink> {
  const { hostname, port } = new URL(url.replace(/^\w+:/, "http:"));
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on("error", () => undefined);
  const link: FrameLink = {
    send(frame) {
      const payload = Buffer.from(frame as string);
      const head = Buffer.alloc(4);
      head.writeUInt32BE(payload.length);
      socket.write(Buffer.concat([head, payload]));
    },
    onframe: null,
    onclose: null,
    close: () => socket.destroy(),
  };
  socket.write(Buffer.of(0x7f, 0xf1, 0, 0));
  const [answer] = (await Promise.race([once(socket, "data"), once(socket, "close")])) as unknown[];
  if (!Buffer.isBuffer(answer) || (answer[1] ?? 0) % 16 === 0) throw new Error("the router refused the connection");
  let rest = answer.subarray(4);
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
      const end = 4 + rest.readUInt32BE();
      link.onframe?.(rest.subarray(4, end).toString());
      rest = rest.subarray(end);
    }
  });
  socket.on("close", () => link.onclose?.());
  return link;
}

describe("the suite for transports has nothing against", () => {
  describeTransport({ describe, it }, { entry: { type: "websocket", endpoint }, connect: overWebSocket });
  describeTransport({ describe, it }, { entry: { type: "rawsocket", endpoint }, connect: overRawSocket });
  describeTransport({ describe, it }, { entry: { type: "memory" }, connect: (_url, router) => router.connect() });
  describeTransport({ describe, it }, pairs({}));
});

describe("the suite for transports tells of one that", () => {
  it.each<[what: string, wrong: Parameters<typeof pairs>[0], test: string]>([
    ["closes no connection", { endless: true }, "closes the connection after the client's GOODBYE is answered"],
    ["does not see that a client is gone", { deaf: true }, "tells the router when a client is gone without a word"],
    ["has no URL", { nameless: true }, "carries a login, and tells the router what it is"],
  ])("%s", async (_what, wrong, test) => {
    const tests = new Map<string, () => Promise<void>>();
    const runner = {
      describe: (_name: string, define: () => void) => define(),
      it: (name: string, run: () => Promise<void>) => void tests.set(name, run),
    };
    describeTransport(runner, { ...pairs(wrong), patience: 200 });
    await expect(tests.get(test)?.()).rejects.toThrow();
  });
});

/** A transport as a plugin would write it, whose connections are pairs of functions; `more` is what is wrong with it. */
function pairs(more: { deaf?: boolean; endless?: boolean; nameless?: boolean }): TransportSpec {
  let accept: (() => FrameLink) | null = null;
  const transport = defineTransport({
    type: "pairs",
    schema: z.strictObject({}),
    open(entry, { serializers, log }) {
      const subprotocol = subprotocolsOf(serializers).get("wamp.2.json");
      if (subprotocol === undefined) throw new Error("no JSON");
      const open = new Set<() => void>();
      accept = () => {
        const details = transportDetails({ type: "pairs", carrier: "air", peer: "near", subprotocol, headers: {} });
        const end = (): void => {
          if (open.delete(end)) setImmediate(() => (connection.gone(), link.onclose?.()));
        };
        const wire: Wire = {
          send: ({ bytes }) => void setImmediate(() => link.onframe?.(Buffer.from(bytes).toString())),
          close: () => (more.endless === true ? undefined : end()),
          terminate: end,
          pause: () => undefined,
          resume: () => undefined,
        };
        const link: FrameLink = {
          send: (frame) => void setImmediate(() => connection.received(Buffer.from(frame as string), false)),
          onframe: null,
          onclose: null,
          close: () => (more.deaf === true ? undefined : end()),
        };
        const connection = new FrameConnection(details, subprotocol, wire, log);
        open.add(end);
        connection.open(entry);
        return link;
      };
      return {
        url: () => (more.nameless === true ? "" : "pairs:"),
        close() {
          accept = null;
          for (const end of open) end();
          return Promise.resolve();
        },
      };
    },
  });
  return {
    plugin: definePlugin({ name: "pairs", core: "*", transports: [transport] }),
    entry: { type: "pairs" },
    connect() {
      if (accept === null) throw new Error("nothing listens");
      return accept();
    },
  };
}
