import { CloseUri, Code, definePlugin, type Plugin } from "@wampgate/core";
import { connectRaw, hangUp, type RawClient } from "./support/raw-client.ts";
import { OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";

// What the log says of denied actions, and how often.

/** The options of a PUBLISH without acknowledgement. */
const NO_ANSWER = {};

const AUTHORIZER = "com.example.authorize";

const acl = definePlugin({
  name: "acl",
  core: "*",
  apply({ hooks }) {
    hooks.authorize.tap("acl", ({ uri }) => {
      if (uri === "com.crash") throw new Error("the list is gone");
      return uri.startsWith("com.hook.") ? { allow: false } : undefined;
    });
  },
});

const rule = (uri: string, match: string, ...allowed: string[]): object => ({
  uri,
  match,
  allow: Object.fromEntries(allowed.map((action) => [action, true])),
});

let running: RunningRouter;
beforeEach(async () => {
  running = await startRouter({
    plugins: [...OFFICIAL, acl] as readonly Plugin[],
    realms: [
      {
        name: "realm1",
        roles: [
          {
            name: "ruled",
            permissions: [
              rule("com.example.", "prefix", "call"),
              rule("com.example.secret", "exact", "subscribe"),
              rule("wamp.", "prefix", "call"),
              rule("com..log", "wildcard", "subscribe", "register"),
            ],
          },
          { name: "asked", authorizer: AUTHORIZER },
          { name: "empty", permissions: [] },
          { name: "free", "allow-by-default": true },
          { name: "authorizer", permissions: [{ uri: AUTHORIZER, allow: { register: true } }] },
        ],
      },
    ],
    auth: {
      ticket: {
        type: "static",
        principals: Object.fromEntries(
          ["ruled", "asked", "empty", "free"].map((role) => [role, { ticket: "t", role, realm: "realm1" }]),
        ),
      },
    },
    components: [
      {
        module: async (session: {
          register: (uri: string, handler: (args: unknown[]) => unknown) => Promise<unknown>;
        }) => {
          await session.register(AUTHORIZER, ([, uri]) => (uri === "com.odd" ? "maybe" : false));
        },
        realm: "realm1",
        role: "authorizer",
      },
    ],
  });
});
afterEach(() => {
  hangUp();
  return running.close();
});

async function joined(authid: string): Promise<RawClient & { session: number }> {
  const client = await connectRaw(running.url);
  client.hello({ authid, authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  client.authenticate("t");
  const { session } = await client.welcomed();
  return Object.assign(client, { session });
}

const linesOf = (message: RegExp): Readonly<Record<string, unknown>>[] =>
  running.log.lines.filter((line) => message.test(line.message)).map(({ level, fields }) => ({ level, ...fields }));
const denied = (): Readonly<Record<string, unknown>>[] => linesOf(/^action denied$/);

it.each([
  ["ruled", "publish", [16, 1, { acknowledge: true }, "com.example.a"], "com.example. (prefix)"],
  ["ruled", "call", [48, 1, {}, "com.example.secret"], "com.example.secret (exact)"],
  ["ruled", "publish", [16, 1, NO_ANSWER, "com.x.log"], "com..log (wildcard)"],
  ["ruled", "subscribe", [32, 1, {}, "org.example"], "no rule"],
  ["ruled", "call", [48, 1, {}, "com.hook.a"], "plugin acl"],
  ["ruled", "register", [64, 1, {}, AUTHORIZER], "no exact rule, which an authenticator or authorizer needs"],
  ["asked", "call", [48, 1, {}, "com.a"], `authorizer ${AUTHORIZER}`],
  ["empty", "register", [64, 1, {}, "com.a"], "the empty list of permissions"],
  ["free", "call", [48, 1, {}, "wamp.session.kill_all"], 'no rule that begins with "wamp."'],
])("a denied action of the role %s is one line: %s, who, and what denied it", async (authid, action, message, by) => {
  const client = await joined(authid);
  client.send(...(message as [number]));
  if (message[2] !== NO_ANSWER) await client.expect(Code.ERROR);
  client.send(6, {}, CloseUri.closeRealm);
  await client.closed;
  const who = { session: client.session, realm: "realm1", authid, authrole: authid };
  expect(denied()).toEqual([{ level: "warn", denied: action, uri: message[3], rule: by, ...who }]);
});

it("a procedure that may not be taken from another user is one line", async () => {
  const holder = await joined("free");
  holder.send(64, 1, {}, "com.x.log");
  await holder.expect(Code.REGISTERED);
  const client = await joined("ruled");
  client.send(64, 1, { force_reregister: true }, "com.x.log");
  await client.expect(Code.ERROR);
  expect(denied()).toMatchObject([{ denied: "register", rule: "no rule with force-reregister" }]);
});

it("a meta procedure that shows what the caller may not subscribe to is one line", async () => {
  const client = await joined("ruled");
  client.send(48, 1, {}, "wamp.subscription.get_events", [1, 10]);
  client.send(48, 2, {}, "wamp.session.add_testament", ["com.example.a", [], {}]);
  await client.expect(Code.ERROR);
  await client.expect(Code.ERROR);
  expect(denied()).toMatchObject([{ denied: "publish", uri: "com.example.a", rule: "com.example. (prefix)" }]);
});

it("a client that does the same again and again gets one line for each action", async () => {
  const client = await joined("ruled");
  for (let i = 1; i <= 200; i += 2) {
    client.send(32, i, {}, "org.a");
    client.send(48, i + 1, {}, `org.n${i}`);
  }
  for (let i = 1; i <= 200; i++) await client.expect(Code.ERROR);
  expect(denied()).toMatchObject([{ denied: "subscribe" }, { denied: "call", uri: "org.n1" }]);
  const other = await joined("ruled");
  other.send(48, 1, {}, "org.other");
  await other.expect(Code.ERROR);
  expect(denied()).toHaveLength(3);
});

it("an authorizer or plugin that fails at each message of a client makes one line for the client", async () => {
  const [asked, ruled] = [await joined("asked"), await joined("ruled")];
  for (let i = 1; i <= 50; i++) {
    asked.send(48, i, {}, "com.odd");
    ruled.send(48, i, {}, "com.crash");
  }
  for (let i = 1; i <= 50; i++) {
    await asked.expect(Code.ERROR);
    await ruled.expect(Code.ERROR);
  }
  expect(linesOf(/authorizer com.example.authorize answered a string/)).toHaveLength(1);
  expect(linesOf(/"acl" failed in authorize: the list is gone/)).toMatchObject([
    { session: ruled.session, err: { message: expect.stringContaining("the list is gone") as string } },
  ]);
  expect(denied()).toEqual([]);
});
