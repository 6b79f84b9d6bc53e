import {
  acceptAs,
  definePlugin,
  defineTransport,
  FrameConnection,
  headOf,
  type OutgoingFrame,
  parseMessage,
  type Serializer,
  subprotocolsOf,
  transportDetails,
  z,
} from "@wampgate/core";
import anonymous from "@wampgate/auth-anonymous";
import { WebSocket } from "ws";
import { once } from "node:events";
import { startRouter } from "./support/router.ts";

// docs/guides/writing-a-transport.md, as a plugin would do it.

/** JSON, spelt backwards. */
const backwards: Serializer = {
  name: "backwards",
  binary: false,
  decode: (bytes) => parseMessage(JSON.parse(reversed(Buffer.from(bytes).toString()))),
  encode(message) {
    const { args, kwargs } = ("payload" in message ? message.payload?.values() : undefined) ?? {};
    const payload = [...(args || kwargs ? [args ?? []] : []), ...(kwargs ? [kwargs] : [])];
    return Buffer.from(reversed(JSON.stringify([...headOf(message), ...payload])));
  },
  encodeTail: () => ({ count: 0, bytes: new Uint8Array() }),
};
const reversed = (text: string): string => Array.from(text).reverse().join("");

/** A transport in which a client is a pair of functions. */
const doors: ((hear: (text: string) => void) => (text: string) => void)[] = [];
const whisper = defineTransport({
  type: "whisper",
  schema: z.strictObject({ name: z.string() }),
  open(entry, { serializers, log }) {
    doors.push((hear) => {
      const subprotocol = subprotocolsOf(serializers).get("wamp.2.json");
      if (subprotocol === undefined) throw new Error("no JSON");
      const details = transportDetails({ type: "whisper", carrier: "air", peer: "near", subprotocol, headers: {} });
      const nothing = (): void => undefined;
      const send = ({ bytes }: OutgoingFrame): void => hear(Buffer.from(bytes).toString());
      const wire = { send, close: nothing, terminate: nothing, pause: nothing, resume: nothing };
      const connection = new FrameConnection(details, subprotocol, wire, log);
      connection.open(entry);
      return (text) => connection.received(Buffer.from(text), false);
    });
    return { url: () => `whisper:${entry.options.name}`, close: () => Promise.resolve() };
  },
});

const plugin = definePlugin({ name: "parts", core: "*", serializers: [backwards], transports: [whisper] });
const auth = { anonymous: { type: "static", role: "user" } };
const HELLO = JSON.stringify([1, "realm1", { roles: { caller: {} } }]);

async function start(transport: object) {
  const { router } = await startRouter({
    plugins: [plugin, anonymous],
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
    transports: [{ ...transport, auth }],
  });
  return router;
}

it("a plugin's serializer is a subprotocol of the WebSocket transport", async () => {
  const router = await start({ type: "websocket", endpoint: { type: "tcp", port: 0 } });
  const socket = new WebSocket(router.endpoints[0]?.url ?? "", "wamp.2.backwards");
  await once(socket, "open");
  socket.send(reversed(HELLO));
  const [welcome] = (await once(socket, "message")) as [Buffer];
  expect(JSON.parse(reversed(welcome.toString()))).toMatchObject([2, expect.any(Number), { realm: "realm1" }]);
  socket.send("nonsense");
  const [abort] = (await once(socket, "message")) as [Buffer];
  expect(JSON.parse(reversed(abort.toString()))).toMatchObject([3, {}, "wamp.error.protocol_violation"]);
  await router.close();
});

it("a plugin's transport carries sessions like any other, and its entries are checked by its schema", async () => {
  await expect(start({ type: "whisper", nam: "x" })).rejects.toThrow(
    'transports[0].nam: unknown key; did you mean "name"?',
  );
  const router = await start({ type: "whisper", name: "left" });
  expect(router.endpoints[0]?.url).toBe("whisper:left");
  let heard: (text: string) => void = () => undefined;
  const next = (): Promise<unknown> => new Promise((resolve) => (heard = (text) => resolve(JSON.parse(text))));
  const speak = doors[0]?.((text) => heard(text));
  const welcome = next();
  speak?.(HELLO);
  expect(await welcome).toMatchObject([2, expect.any(Number), { authrole: "user" }]);
  const result = next();
  speak?.(JSON.stringify([48, 1, {}, "wamp.session.count"]));
  expect(await result).toEqual([50, 1, {}, [1]]);
  await router.close();
});

it("a serializer of a plugin gets authextra decoded, and so its clients can log in", async () => {
  const plugin = definePlugin({ name: "some-format", core: "*", serializers: [backwards] });
  const auth = { anonymous: { type: "static", role: "user" } };
  const greet = definePlugin({
    name: "greet",
    core: "*",
    apply(api) {
      api.hooks.hello.tap("greet", () =>
        acceptAs({ realm: "realm1", authid: "joe", role: "user", extra: { greeting: "hello" } }),
      );
    },
  });
  const realms = [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }];
  const running = await startRouter({ plugins: [anonymous, plugin, greet], realms, auth });
  const socket = new WebSocket(running.url, "wamp.2.backwards");
  await once(socket, "open");
  socket.send(reversed(JSON.stringify([1, "realm1", { roles: { caller: {} } }])));
  const [frame] = (await once(socket, "message")) as [Buffer];
  expect(JSON.parse(reversed(frame.toString()))).toMatchObject([
    2,
    expect.any(Number),
    { authextra: { greeting: "hello" } },
  ]);
  await running.close();
});
