import fc from "fast-check";
import { runs } from "../jest/runs.ts";
import { type RunningRouter, startRouter } from "./support/router.ts";
import { type Came, member, ValueClient, valueOf } from "./support/value-client.ts";
import { anyStyle, anyValue } from "./support/any-values.ts";
import { arrives, type Format, FORMATS, inOneOrder, Refused, type Style, type Value } from "./support/values.ts";
import { encode } from "./support/values-written.ts";

// Whatever way a value takes through a router, its receiver gets what the table of docs/guides/values.md says.

const PAIRS = FORMATS.flatMap((from) => FORMATS.map((to) => [from, to] as const));
const AUTHENTICATOR = "com.example.authenticate";
const TOPIC = "com.example.topic";
const PROCEDURE = "com.example.procedure";
const open = { "allow-by-default": true };

let running: RunningRouter;
const clients = new Set<ValueClient>();

beforeAll(async () => {
  running = await startRouter({
    realms: [
      {
        name: "realm1",
        roles: [{ name: "user", ...open }],
        options: { "event-history": [{ uri: "com.example.history", limit: 1 }] },
      },
      { name: "quiet", roles: [{ name: "user", ...open }] },
      {
        name: "auth",
        roles: [{ name: "user", permissions: [{ uri: AUTHENTICATOR, allow: { register: true } }] }],
      },
    ],
    auth: {
      anonymous: { type: "static", role: "user" },
      ticket: { type: "dynamic", authenticator: AUTHENTICATOR, "authenticator-realm": "auth" },
    },
  });
});
afterEach(() => {
  for (const client of clients) client.hangUp();
  clients.clear();
});
afterAll(() => running.close());

async function joined(format: Format, realm = "realm1"): Promise<ValueClient> {
  const client = new ValueClient(running.url, format);
  clients.add(client);
  expect(codeOf(await client.join(realm))).toBe(2n);
  return client;
}

function codeOf({ message }: Came): bigint | null {
  const code = member(message, 0);
  return code?.is === "integer" ? code.value : null;
}

/** One value on its way: as its sender writes it, and as its receiver is to get it; null if it cannot. */
interface Case {
  readonly value: Value;
  readonly style: Style;
  readonly sent: Buffer;
  readonly expected: Value | null;
}

function orNull<T>(run: () => T): T | null {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

/** Tries values that `from` has a word for. */
async function tryValues(from: Format, to: Format, few: number, use: (each: Case) => Promise<void>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(anyValue, anyStyle, async (value, style) => {
      const sent = orNull(() => encode(value, from, style));
      if (sent !== null) await use({ value, style, sent, expected: orNull(() => arrives(value, from, to)) });
    }),
    { ...runs(few), endOnFailure: true },
  );
}

/** That a message holds the value at a place: in the same format byte for byte. */
function expectIn({ frame, message }: Came, path: readonly (string | number)[], each: Case, isSame: boolean): void {
  if (isSame) expect(frame.toString("latin1")).toContain(each.sent.toString("latin1"));
  else {
    const found = path.reduce<Value | null>((value, key) => member(value, key), message);
    expect(inOneOrder(found)).toEqual(inOneOrder(each.expected));
  }
}

const isRefusal = (came: Came): boolean => {
  const uri = member(came.message, 4);
  return codeOf(came) === 8n && uri?.is === "text" && uri.value === "wamp.error.invalid_argument";
};

describe.each(PAIRS)("from %s to %s", (from, to) => {
  const isSame = from === to;

  it("an event and a retained event say what was published, or are skipped", async () => {
    const [sender, receiver] = [await joined(from), await joined(to)];
    receiver.request(32, [{}, TOPIC]);
    await receiver.expect(33);
    await tryValues(from, to, 40, async (each) => {
      sender.request(16, [{ retain: true }, TOPIC, [each.value], { key: each.value }], each.style);
      sender.request(16, [{}, TOPIC, ["next"]]);
      if (each.expected !== null) {
        const came = await receiver.expect(36);
        expectIn(came, [4, 0], each, isSame);
        expectIn(came, [5, "key"], each, isSame);
      }
      expect(member(member((await receiver.expect(36)).message, 4), 0)).toEqual(valueOf("next"));
    });
    const late = await joined(to);
    await tryValues(from, to, 5, async (each) => {
      sender.request(16, [{ retain: true, acknowledge: true }, "com.example.kept", [each.value]], each.style);
      await sender.expect(17);
      late.request(32, [{ get_retained: true }, "com.example.kept"]);
      const subscription = member((await late.expect(33)).message, 2);
      if (each.expected !== null) expectIn(await late.expect(36), [4, 0], each, isSame);
      late.request(34, [subscription]);
      await late.expect(35);
    });
  });

  it("the history says what was published, or leaves an event out", async () => {
    const [sender, receiver] = [await joined(from), await joined(to)];
    receiver.request(32, [{}, "com.example.history"]);
    const subscription = member((await receiver.expect(33)).message, 2);
    receiver.request(34, [subscription]);
    await receiver.expect(35);
    await tryValues(from, to, 15, async (each) => {
      sender.request(16, [{ acknowledge: true }, "com.example.history", [each.value], { key: each.value }], each.style);
      await sender.expect(17);
      receiver.request(48, [{}, "wamp.subscription.get_events", [subscription]]);
      const came = await receiver.expect(50);
      if (each.expected === null) expect(member(member(came.message, 3), 0)).toEqual(valueOf([]));
      else {
        expectIn(came, [3, 0, 0, "args", 0], each, isSame);
        expectIn(came, [3, 0, 0, "kwargs", "key"], each, isSame);
      }
    });
  });

  it("a testament says what its session left", async () => {
    const receiver = await joined(to);
    receiver.request(32, [{}, "com.example.left"]);
    await receiver.expect(33);
    await tryValues(from, to, 5, async (each) => {
      const sender = await joined(from);
      const left = ["com.example.left", [each.value], { key: each.value }];
      sender.request(48, [{}, "wamp.session.add_testament", left], each.style);
      await sender.expect(50);
      sender.request(48, [{}, "wamp.session.add_testament", ["com.example.left", ["last"], {}]]);
      await sender.expect(50);
      sender.hangUp();
      if (each.expected !== null) {
        const came = await receiver.expect(36);
        expectIn(came, [4, 0], each, isSame);
        expectIn(came, [5, "key"], each, isSame);
      }
      expect(member(member((await receiver.expect(36)).message, 4), 0)).toEqual(valueOf("last"));
    });
  });

  it("a call, its result and its error say what was sent, or the caller gets an error", async () => {
    const [caller, callee] = [await joined(from), await joined(to)];
    callee.request(64, [{}, PROCEDURE]);
    await callee.expect(65);
    await tryValues(from, to, 20, async (each) => {
      caller.request(48, [{}, PROCEDURE, [each.value], { key: each.value }], each.style);
      if (each.expected === null) {
        expect(isRefusal(await caller.next())).toBe(true);
        return;
      }
      const came = await callee.expect(68);
      expectIn(came, [4, 0], each, isSame);
      expectIn(came, [5, "key"], each, isSame);
      callee.send([70, member(came.message, 1), {}]);
      await caller.expect(50);
    });
    await callee.ask([66, 2, member(valueOf([1]), 0)]);
    const [asking, answering] = [await joined(to), await joined(from)];
    answering.request(64, [{}, `${PROCEDURE}.2`]);
    await answering.expect(65);
    for (const isError of [false, true]) {
      await tryValues(from, to, 15, async (each) => {
        asking.request(48, [{}, `${PROCEDURE}.2`]);
        const id = member((await answering.expect(68)).message, 1);
        const answer = isError ? [8, 68, id, {}, "com.example.error"] : [70, id, {}];
        answering.send([...answer, [each.value], { key: each.value }], each.style);
        const came = await asking.next();
        if (each.expected === null) expect(isRefusal(came)).toBe(true);
        else expectIn(came, isError ? [5, 0] : [3, 0], each, isSame);
      });
    }
  });

  it("authextra reaches the authenticator, and its extra the client, but for what cannot be said", async () => {
    const authenticator = await joined(to, "auth");
    authenticator.request(64, [{}, AUTHENTICATOR]);
    await authenticator.expect(65);
    await tryValues(from, to, 6, async (each) => {
      const client = new ValueClient(running.url, from);
      clients.add(client);
      const authextra = { key: each.value, other: 2n ** 60n + 1n };
      const details = { authmethods: ["ticket"], authid: "joe", authextra };
      expect(codeOf(await client.join("realm1", details, each.style))).toBe(4n);
      client.send([5, "ticket", {}]);
      const asked = await authenticator.expect(68);
      expectExtra(asked, [4, 2, "authextra"], each, isSame);
      authenticator.send([70, member(asked.message, 1), {}, ["user"]]);
      await client.expect(2);
      client.hangUp();
    });
    authenticator.hangUp();
    await authenticator.closed;
    const other = await joined(from, "auth");
    other.request(64, [{}, AUTHENTICATOR]);
    expect(codeOf(await other.next())).toBe(65n);
    await tryValues(from, to, 6, async (each) => {
      const client = new ValueClient(running.url, to);
      clients.add(client);
      expect(codeOf(await client.join("realm1", { authmethods: ["ticket"], authid: "joe" }))).toBe(4n);
      client.send([5, "ticket", {}]);
      const id = member((await other.expect(68)).message, 1);
      const extra = { key: each.value, other: 2n ** 60n + 1n };
      other.send([70, id, {}, [{ role: "user", extra }]], each.style);
      expectExtra(await client.expect(2), [2, "authextra"], each, isSame);
      client.hangUp();
    });
  });
});

/** That the value came as the member `key`, or as much of it as can be said; and its neighbour in any case. */
function expectExtra(came: Came, path: readonly (string | number)[], each: Case, isSame: boolean): void {
  const extra = path.reduce<Value | null>((value, key) => member(value, key), came.message);
  expect(member(extra, "other")).toEqual(valueOf(2n ** 60n + 1n));
  if (each.expected !== null && each.value.is !== "undefined") expectIn(came, [...path, "key"], each, isSame);
  else if (each.expected === null && each.value.is !== "dict") expect(member(extra, "key")).toBeNull();
}

it.each(FORMATS)(
  "code in this process gets integers past 2^53 as bigint from %s, and may send them",
  async (format) => {
    const [session, client] = [running.router.session("realm1", { role: "user" }), await joined(format)];
    const registration = await session.register("com.example.next", ([number]) => (number as bigint) + 1n);
    client.request(48, [{}, "com.example.next", [2n ** 53n]]);
    // 2^53 itself is a number.
    expect(isRuntimeError(await client.next())).toBe(true);
    client.request(48, [{}, "com.example.next", [2n ** 60n]]);
    expect(member(member((await client.expect(50)).message, 3), 0)).toEqual(valueOf(2n ** 60n + 1n));
    await session.unregister(registration);
    client.request(64, [{}, "com.example.same"]);
    await client.expect(65);
    const answer = session.call("com.example.same", [2n ** 60n]);
    const asked = (await client.expect(68)).message;
    client.send([70, member(asked, 1), {}, [member(member(asked, 4), 0)]]);
    expect(await answer).toBe(2n ** 60n);
    session.leave();
  },
);

function isRuntimeError({ message }: Came): boolean {
  const uri = member(message, 4);
  return uri?.is === "text" && uri.value === "wamp.error.runtime_error";
}

describe("what a format cannot say", () => {
  const set: Value = { is: "tag", tag: 258, value: valueOf([1]) };
  const linesWith = (text: string): unknown[] => running.log.lines.filter(({ message }) => message.includes(text));

  it("is logged once for a session whose events are skipped", async () => {
    const [sender, receiver] = [await joined("cbor", "quiet"), await joined("json", "quiet")];
    receiver.request(32, [{}, TOPIC]);
    await receiver.expect(33);
    const before = linesWith("an event was skipped").length;
    for (let i = 0; i < 3; i++) sender.request(16, [{}, TOPIC, [set]]);
    sender.request(16, [{}, TOPIC, ["next"]]);
    await receiver.expect(36);
    expect(linesWith("an event was skipped").slice(before)).toEqual([
      expect.objectContaining({ level: "warn", message: expect.stringContaining("CBOR's tag 258") as string }),
    ]);
  });

  it("keeps no client out, neither in authextra nor in extra, and the log names the keys", async () => {
    const authenticator = await joined("json", "auth");
    authenticator.request(64, [{}, AUTHENTICATOR]);
    await authenticator.expect(65);
    const client = new ValueClient(running.url, "cbor");
    clients.add(client);
    const before = linesWith("authextra cannot be said in json").length;
    const authextra = { set, deep: { set, x: 1 } };
    await client.join("realm1", { authmethods: ["ticket"], authid: "joe", authextra });
    client.send([5, "ticket", {}]);
    const { message } = await authenticator.expect(68);
    expect(member(member(member(message, 4), 2), "authextra")).toEqual(valueOf({ deep: { x: 1 } }));
    authenticator.send([70, member(message, 1), {}, ["user"]]);
    await client.expect(2);
    expect(linesWith("authextra cannot be said in json").slice(before)).toMatchObject([
      { level: "warn", fields: { keys: ["set", "deep.set"] } },
    ]);
    authenticator.hangUp();
    await authenticator.closed;
    const other = await joined("cbor", "auth");
    other.request(64, [{}, AUTHENTICATOR]);
    await other.expect(65);
    const second = new ValueClient(running.url, "json");
    clients.add(second);
    await second.join("realm1", { authmethods: ["ticket"], authid: "joe" });
    second.send([5, "ticket", {}]);
    const asked = (await other.expect(68)).message;
    other.send([70, member(asked, 1), {}, [{ role: "user", extra: { set, x: 1 } }]]);
    const welcome = (await second.expect(2)).message;
    expect(member(member(welcome, 2), "authextra")).toEqual(valueOf({ x: 1 }));
    expect(linesWith("left out of authextra in WELCOME").slice(-1)).toMatchObject([
      { level: "warn", fields: { keys: ["set"] } },
    ]);
  });
});
