import { once } from "node:events";
import { connect } from "node:net";
import { encode } from "./support/msgpack.ts";
import { Code } from "@wampgate/core";
import type { FakeClient } from "@wampgate/plugin-testkit";
import { WebSocket } from "ws";
import { connectRaw } from "./support/raw-client.ts";
import { type RunningRouter, startRouter } from "./support/router.ts";

const VIOLATION = "wamp.error.protocol_violation";
const roles = { caller: {}, callee: {}, publisher: {}, subscriber: {} };
const HELLO = [1, "realm1", { roles, authmethods: ["anonymous"] }] as const;

describe("bad input costs only who sent it", () => {
  let running: RunningRouter;
  let witness: FakeClient;
  beforeAll(async () => {
    running = await startRouter({
      realms: [{ name: "realm1", roles: [{ name: "guest", "allow-by-default": true }] }],
      transports: [
        {
          type: "websocket",
          endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
          "max-message-size": 4096,
          "auth-timeout": 400,
          auth: {
            anonymous: { type: "static", role: "guest" },
            ticket: { type: "static", principals: { joe: { ticket: "secret", role: "guest" } } },
          },
        },
      ],
    });
    witness = await joined();
  });
  afterEach(async () => {
    // The witness has joined before all the others, and is served after each of them.
    witness.send(48, 1, {}, "com.example.nobody");
    expect((await witness.next()).slice(0, 5)).toEqual([8, 48, 1, {}, "wamp.error.no_such_procedure"]);
    witness.send(49, 1, {});
  });
  afterAll(() => running.close());

  async function joined(): Promise<FakeClient> {
    const client = await connectRaw(running.url);
    client.send(...HELLO);
    await client.welcomed();
    return client;
  }

  it.each([
    ["garbage", "%&/("],
    ["an empty frame", ""],
    ["no list", '{"a":1}'],
    ["an empty list", "[]"],
    ["an unknown code", "[999]"],
    ["a code that is no number", '["HELLO"]'],
    ["too few fields", "[1]"],
    ["too many fields", '[1,"realm1",{},1,2]'],
    ["a realm that is a number", '[1,5,{"roles":{"caller":{}}}]'],
    ["details that are a list", '[1,"realm1",[]]'],
    ["no roles", '[1,"realm1",{}]'],
    ["roles that are a list", '[1,"realm1",{"roles":[]}]'],
    ["no known role", '[1,"realm1",{"roles":{"juggler":{}}}]'],
    ["a role that is a number", '[1,"realm1",{"roles":{"caller":1}}]'],
    ["authmethods that are no list", '[1,"realm1",{"roles":{"caller":{}},"authmethods":"ticket"}]'],
    ["authmethods that are no strings", '[1,"realm1",{"roles":{"caller":{}},"authmethods":[1]}]'],
    ["an authid that is a dictionary", '[1,"realm1",{"roles":{"caller":{}},"authid":{}}]'],
    ["an authextra that is a string", '[1,"realm1",{"roles":{"caller":{}},"authextra":"x"}]'],
    ["a hundred thousand levels", "[".repeat(2000) + "]".repeat(2000)],
    ["a message before HELLO", '[48,1,{},"com.example.add"]'],
    ["AUTHENTICATE before HELLO", '[5,"x",{}]'],
    ["WELCOME", "[2,1,{}]"],
  ])("before HELLO: %s is ABORT, then close", async (_what, frame) => {
    const client = await connectRaw(running.url);
    client.sendFrame(frame);
    expect((await client.aborted()).reason).toBe(VIOLATION);
  });

  it("a realm that is no URI is ABORT invalid_uri", async () => {
    const client = await connectRaw(running.url);
    client.hello({ realm: "a b..#" });
    expect((await client.aborted()).reason).toBe("wamp.error.invalid_uri");
  });

  it.each(["__proto__", "constructor", "toString"])(
    "%s as realm, authid, authmethod and URI is nobody's name",
    async (name) => {
      const stranger = await connectRaw(running.url);
      stranger.hello({ realm: name });
      expect((await stranger.aborted()).reason).toBe("wamp.error.no_such_realm");
      const unknown = await connectRaw(running.url);
      unknown.hello({ authid: name, authmethods: [name, "ticket"] });
      await unknown.expect(Code.CHALLENGE);
      unknown.authenticate("secret");
      expect((await unknown.aborted()).reason).toBe("wamp.error.authentication_denied");
      const client = await joined();
      client.send(48, 1, {}, name);
      expect((await client.next()).slice(0, 5)).toEqual([8, 48, 1, {}, "wamp.error.no_such_procedure"]);
      client.send(32, 2, {}, name);
      expect((await client.next()).slice(0, 2)).toEqual([33, 2]);
      client.sendFrame(
        '[16,3,{"__proto__":{"acknowledge":true},"acknowledge":true},"x",[{"__proto__":1}],{"__proto__":{"a":1}}]',
      );
      expect((await client.next()).slice(0, 2)).toEqual([17, 3]);
      client.close();
    },
  );

  it("two HELLOs are a violation: while the login is decided, and after it", async () => {
    const early = await connectRaw(running.url);
    early.send(...HELLO);
    early.send(...HELLO);
    const first = await early.next();
    expect(first[0] === Code.ABORT || first[0] === Code.WELCOME).toBe(true);
    await early.closed;
    const late = await joined();
    late.send(...HELLO);
    expect((await late.aborted()).reason).toBe(VIOLATION);
  });

  it("AUTHENTICATE twice, or without CHALLENGE, is a violation", async () => {
    const twice = await connectRaw(running.url);
    twice.hello({ authid: "joe", authmethods: ["ticket"] });
    await twice.expect(Code.CHALLENGE);
    twice.authenticate("secret");
    twice.authenticate("secret");
    const messages = [await twice.next()];
    if (messages[0]?.[0] === Code.WELCOME) messages.push(await twice.next());
    expect(messages.at(-1)).toMatchObject([3, {}, VIOLATION]);
    const unasked = await joined();
    unasked.authenticate("secret");
    expect((await unasked.aborted()).reason).toBe(VIOLATION);
  });

  it.each([
    ["an id of 0", '[48,0,{},"com.example.add"]'],
    ["a negative id", '[48,-1,{},"com.example.add"]'],
    ["an id with a fraction", '[48,1.5,{},"com.example.add"]'],
    ["an id past 2^53", '[48,9007199254740994,{},"com.example.add"]'],
    ["an id that is a string", '[48,"1",{},"com.example.add"]'],
    ["options that are a list", '[48,1,[],"com.example.add"]'],
    ["a procedure that is a number", "[48,1,{},5]"],
    ["args that are a dictionary", '[48,1,{},"com.example.add",{}]'],
    ["kwargs that are a list", '[48,1,{},"com.example.add",[],[]]'],
    ["an option of a wrong type", '[16,1,{"acknowledge":1},"com.example.topic"]'],
    ["YIELD for what was never asked", "[70,7,{}]"],
    ["ERROR for what was never asked", '[8,68,7,{},"com.example.error"]'],
    ["ERROR for a request of its own", '[8,48,7,{},"com.example.error"]'],
    ["a message only routers send", "[36,1,1,{}]"],
    ["garbage", "%&/("],
  ])("after WELCOME: %s is ABORT, then close", async (_what, frame) => {
    const client = await joined();
    client.sendFrame(frame);
    expect((await client.aborted()).reason).toBe(VIOLATION);
  });

  it("URIs that are none, and reserved ones, get ERROR invalid_uri", async () => {
    const client = await joined();
    for (const [i, uri] of ["", "a..b", "a b", "a#b", ".", "wamp.mine"].entries()) {
      client.send(64, i + 1, {}, uri);
      expect((await client.next()).slice(0, 5)).toEqual([8, 64, i + 1, {}, "wamp.error.invalid_uri"]);
    }
    client.close();
  });

  it("UNSUBSCRIBE and UNREGISTER of what is another's get ERROR", async () => {
    const owner = await joined();
    owner.send(32, 1, {}, "com.example.owned");
    const [, , subscription] = await owner.next();
    owner.send(64, 2, {}, "com.example.owned");
    const [, , registration] = await owner.next();
    const client = await joined();
    client.send(34, 1, subscription);
    expect((await client.next()).slice(0, 5)).toEqual([8, 34, 1, {}, "wamp.error.no_such_subscription"]);
    client.send(66, 2, registration);
    expect((await client.next()).slice(0, 5)).toEqual([8, 66, 2, {}, "wamp.error.no_such_registration"]);
    client.send(64, 3, {}, "com.example.owned");
    expect((await client.next()).slice(0, 5)).toEqual([8, 64, 3, {}, "wamp.error.procedure_already_exists"]);
    owner.close();
    client.close();
  });

  it("an oversized frame closes who sent it", async () => {
    const client = await joined();
    client.sendFrame(JSON.stringify([48, 1, {}, "com.example.add", ["x".repeat(5000)]]));
    await client.closed;
  });

  it("a binary frame on JSON is a violation, as is a text frame on MessagePack", async () => {
    const json = await connectRaw(running.url);
    json.sendFrame(Buffer.from(JSON.stringify(HELLO)));
    expect((await json.aborted()).reason).toBe(VIOLATION);
    const socket = new WebSocket(running.url, "wamp.2.msgpack");
    await once(socket, "open");
    socket.send(JSON.stringify(HELLO));
    const [frame] = (await once(socket, "message")) as [Buffer];
    expect(frame.includes(VIOLATION)).toBe(true);
    await once(socket, "close");
  });

  it.each([
    ["no MessagePack", Buffer.from([0xc1])],
    ["bytes after the message", Buffer.concat([encode(HELLO), Buffer.from([0])])],
    ["a truncated message", encode(HELLO).subarray(0, 9)],
    ["a huge length", Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff])],
    ["keys that are numbers", encode([1, "realm1", new Map([[1, 2]])])],
  ])("on MessagePack: %s is ABORT, then close", async (_what, frame) => {
    const socket = new WebSocket(running.url, "wamp.2.msgpack");
    await once(socket, "open");
    socket.send(frame);
    const [answer] = (await once(socket, "message")) as [Buffer];
    expect(answer.includes(VIOLATION)).toBe(true);
    await once(socket, "close");
  });

  it("a client that connects and says nothing is closed when its time is up", async () => {
    const silent = await connectRaw(running.url);
    await silent.closed;
    const plain = connect(Number(new URL(running.url).port), "127.0.0.1");
    plain.resume();
    await once(plain, "connect");
    plain.end("not HTTP at all\r\n\r\n");
    await once(plain, "close");
  });

  it("a client that never answers CHALLENGE gets ABORT when its time is up", async () => {
    const client = await connectRaw(running.url);
    client.hello({ authid: "joe", authmethods: ["ticket"] });
    await client.expect(Code.CHALLENGE);
    expect((await client.aborted()).reason).toBe("wamp.error.authentication_failed");
  });

  it("a client that leaves in the middle of its login leaves no session", async () => {
    const before = running.router.sessionCount.remote;
    const client = await connectRaw(running.url);
    client.hello({ authid: "joe", authmethods: ["ticket"] });
    await client.expect(Code.CHALLENGE);
    client.socket.terminate();
    await client.closed;
    const other = await joined();
    expect(running.router.sessionCount.remote).toBeLessThanOrEqual(before + 1);
    other.close();
  });

  it("GOODBYE is answered, and the connection closed", async () => {
    const client = await joined();
    client.send(Code.GOODBYE, {}, "wamp.close.close_realm");
    expect(await client.next()).toEqual([6, {}, "wamp.close.goodbye_and_out"]);
    await client.closed;
  });

  it("ABORT of a client during its login ends it without an answer", async () => {
    const client = await connectRaw(running.url);
    client.hello({ authid: "joe", authmethods: ["ticket"] });
    await client.expect(Code.CHALLENGE);
    client.send(Code.ABORT, {}, "wamp.error.no_thanks");
    await client.closed;
    await expect(client.next()).rejects.toThrow("closed");
  });
});
