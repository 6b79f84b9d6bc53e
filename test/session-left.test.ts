import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Code, definePlugin, type Plugin, type SessionInfo } from "@wampgate/core";
import { connectRaw, hangUp, type RawClient } from "./support/raw-client.ts";
import { OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";

// The last line about a session, and how its connection is closed.

const VIOLATION = "wamp.error.protocol_violation";

let running: RunningRouter;
let left: Promise<SessionInfo>;
beforeEach(async () => {
  let tellLeft: ((session: SessionInfo) => void) | undefined;
  left = new Promise((resolve) => (tellLeft = resolve));
  const witness = definePlugin({
    name: "witness",
    core: "*",
    apply: ({ hooks }) => hooks.left.tap("witness", (session) => tellLeft?.(session)),
  });
  const auth = { anonymous: { type: "static", role: "user" } };
  running = await startRouter({
    plugins: [...OFFICIAL, witness] as readonly Plugin[],
    realms: [
      {
        name: "realm1",
        roles: [
          {
            name: "user",
            permissions: [{ uri: "wamp.session.kill", match: "exact", allow: { call: true } }],
          },
        ],
      },
    ],
    transports: [
      { type: "websocket", endpoint: { type: "tcp", host: "127.0.0.1", port: 0 }, auth },
      { type: "rawsocket", endpoint: { type: "tcp", host: "127.0.0.1", port: 0 }, auth },
    ],
  });
});
afterEach(() => {
  hangUp();
  return running.close();
});

interface Joined {
  readonly client: RawClient;
  readonly session: number;
  /** The close code and the reason that come from the router. */
  readonly closing: Promise<[code: number, reason: string]>;
}

async function joined(): Promise<Joined> {
  const client = await connectRaw(running.url);
  client.hello({ authmethods: ["anonymous"] });
  const { session } = await client.welcomed();
  return { client, session, closing: closingOf(client) };
}

async function closingOf({ socket }: RawClient): Promise<[number, string]> {
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  return [code, reason.toString()];
}

const linesOf = (text: string): Readonly<Record<string, unknown>>[] =>
  running.log.lines.filter(({ message }) => message === text).map(({ level, fields }) => ({ level, ...fields }));

/** What the one line about a session that has left says beside who it was. */
async function lastLine(): Promise<Readonly<Record<string, unknown>>> {
  const { session, realm, authid } = await left;
  const lines = linesOf("session left");
  expect(lines).toEqual([
    expect.objectContaining({ session, realm, authid, peer: expect.stringMatching(/^tcp4:127/) as string }),
  ]);
  const who = ["session", "realm", "authid", "peer"];
  return Object.fromEntries(Object.entries(lines[0] ?? {}).filter(([key]) => !who.includes(key)));
}

describe("the last line about a session says", () => {
  it("that the client said GOODBYE, and its reason", async () => {
    const { client, closing } = await joined();
    client.send(Code.GOODBYE, {}, "com.example.bye");
    expect(await closing).toEqual([1000, ""]);
    expect(await lastLine()).toEqual({ level: "info", left: "goodbye", reason: "com.example.bye" });
  });

  it("that the client said ABORT, which is not answered", async () => {
    const { client, closing } = await joined();
    const heard: unknown[] = [];
    client.socket.on("message", (data: Buffer) => heard.push(data.toString()));
    client.send(Code.ABORT, {}, "com.example.bye");
    expect(await closing).toEqual([1000, ""]);
    expect(heard).toEqual([]);
    expect(await lastLine()).toEqual({ level: "info", left: "goodbye", reason: "com.example.bye" });
  });

  it("that its connection ended", async () => {
    const { client } = await joined();
    client.socket.terminate();
    expect(await lastLine()).toEqual({ level: "info", left: "disconnected" });
  });

  it("that the router closed it, and why", async () => {
    const { client, session } = await joined();
    const other = await joined();
    other.client.send(Code.CALL, 1, {}, "wamp.session.kill", [session], { reason: "com.example.out", message: "go" });
    await client.expect(Code.GOODBYE);
    const closed = { level: "info", left: "closed", by: "kill", reason: "com.example.out", message: "go" };
    expect(await lastLine()).toEqual(closed);
  });

  it("how many lines about it were left out", async () => {
    const { client } = await joined();
    for (let i = 1; i <= 5; i++) client.send(Code.CALL, i, {}, "com.example.denied");
    client.send(Code.GOODBYE, {}, "com.example.bye");
    expect(await lastLine()).toMatchObject({ left: "goodbye", omitted: 4 });
  });
});

describe("a client that breaks the protocol", () => {
  it.each([
    ["by a message that it may not send", JSON.stringify([8, 1, 1]), /ERROR/],
    ["by a frame that is no message", "{", /./],
    ["by an option of a wrong type", JSON.stringify([32, 1, { match: 5 }, "com.a"]), /^option match must be exact/],
  ])("%s is one line, and gets close code 1002 with the reason", async (_how, frame, what) => {
    const { client, closing } = await joined();
    client.sendFrame(frame);
    const [, { message }, reason] = (await client.expect(Code.ABORT)) as [number, { message: string }, string];
    expect([reason, message]).toEqual([VIOLATION, expect.stringMatching(what)]);
    expect(await closing).toEqual([1002, message]);
    expect(await lastLine()).toEqual({ level: "warn", left: "violation", message });
  });

  it.each([
    ["before HELLO", [Code.CALL, 1, {}, "com.a"], "the first message must be HELLO, found CALL"],
    ["in HELLO", [Code.HELLO, "realm1", { roles: 5 }], /roles/],
  ])("%s has the line of a refused login, and gets close code 1002 with the reason", async (_when, message, what) => {
    const client = await connectRaw(running.url);
    const closing = closingOf(client);
    client.send(...(message as [number]));
    const [code, reason] = await closing;
    expect(code).toBe(1002);
    expect(reason).toMatch(what);
    expect(linesOf("login refused")).toMatchObject([{ level: "warn", reason: VIOLATION, message: reason }]);
    expect(linesOf("session left")).toEqual([]);
  });

  it("by a wrong frame of WebSocket is one line", async () => {
    const { client, closing } = await joined();
    const { _socket: socket } = client.socket as unknown as { _socket: Socket };
    socket.write(Buffer.from([0x83, 0x80, 0, 0, 0, 0])); // an unknown opcode
    expect(await closing).toEqual([1002, ""]);
    expect(await lastLine()).toEqual({
      level: "warn",
      left: "violation",
      message: expect.stringMatching(/^WebSocket: .*opcode/) as string,
    });
  });

  it("by a wrong frame of RawSocket is one line", async () => {
    const { port } = new URL(running.router.endpoints[1]?.url ?? "");
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(Uint8Array.of(0x7f, 0xf1, 0, 0));
    await once(socket, "data");
    const hello = Buffer.from(JSON.stringify([1, "realm1", { roles: { caller: {} } }]));
    socket.write(Buffer.concat([Uint8Array.of(0, 0, 0, hello.length), hello]));
    await once(socket, "data"); // WELCOME
    socket.write(Uint8Array.of(0xf0, 0, 0, 1));
    socket.resume();
    await once(socket, "close");
    expect(await lastLine()).toEqual({
      level: "warn",
      left: "violation",
      message: expect.stringMatching(/^RawSocket: .*reserved/) as string,
    });
  });

  it("is not told so of a login that is only denied", async () => {
    const client = await connectRaw(running.url);
    const closing = closingOf(client);
    client.hello({ authmethods: ["ticket"] });
    expect(await closing).toEqual([1000, ""]);
  });
});

it("when the router stops, each session has its line", async () => {
  await joined();
  hangUp();
  await left;
  const { client } = await joined();
  const closed = running.close();
  await client.expect(Code.GOODBYE);
  client.send(Code.GOODBYE, {}, "wamp.close.goodbye_and_out");
  await closed;
  const stop = { left: "closed", reason: "wamp.close.system_shutdown", message: "the router is shutting down" };
  expect(linesOf("session left")).toMatchObject([{ left: "disconnected" }, stop]);
});
