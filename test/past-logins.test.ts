import {
  acceptAgain,
  type AuthMethod,
  BlockError,
  Code,
  credential,
  defineMethod,
  definePlugin,
  type LoginSuccess,
  type PastJudgement,
  type PastLogin,
  type Plugin,
  type Router,
  unknown,
  type WampgateConfig,
  z,
} from "@wampgate/core";
import { FakeClient } from "@wampgate/plugin-testkit";
import { makeRouter, OFFICIAL } from "./support/router.ts";

// A method may let a client in again by an earlier login. Here, the session's id is what the client must know.

/** A method that remembers all logins, and what has happened to its blocks. */
function memories() {
  const happened: string[] = [];
  const judged: PastJudgement[] = [];
  const logins = new Map<string, LoginSuccess>();
  const asked = (authextra: Readonly<Record<string, unknown>> | null): PastLogin | null =>
    logins.get(String(authextra?.["session"]))?.past ?? null;
  const method: AuthMethod = defineMethod({
    name: "again",
    at: "hello",
    defaultType: "static",
    credential: z.custom<PastLogin>(),
    static: {
      schema: z.strictObject({ place: z.string() }),
      check({ place }, { warn, isClustered }) {
        if (place === "nowhere") throw new BlockError(["place"], "there is no such place");
        if (isClustered) warn(["place"], "other nodes are elsewhere");
      },
      open({ place }, { at, log }) {
        if (place === "locked") throw new BlockError(["place"], "it is locked");
        happened.push(`opened ${place}`);
        log.info({ at }, "opened");
        return { value: { place: `open ${place}` }, close: () => void happened.push(`closed ${place}`) };
      },
      async applies({ authextra }, { place }, transport) {
        happened.push(`asked ${place}`);
        const past = asked(authextra);
        if (past === null) return false;
        const judgement = await transport.judge(past);
        judged.push(judgement);
        return judgement.why === null || judgement.isPlaceGone;
      },
      find({ attempt }) {
        const past = asked(attempt.authextra);
        return past === null ? unknown() : credential(past, {});
      },
      assignments: () => [],
    },
    async challenge(attempt) {
      const found = await attempt.resolvePrincipal();
      return acceptAgain(found.credential, "memory");
    },
    decoy: () => credential({}),
  });
  const plugin = definePlugin({
    name: "memories",
    core: "*",
    methods: [method],
    apply: ({ hooks }) =>
      hooks.joined.tap("memories", ({ session }, login) => {
        if (login !== null) logins.set(String(session), login);
      }),
  });
  return { plugin, happened, judged, logins };
}

const joe = { ticket: "right", role: "user", extra: { id: 7 } };

function configOf(plugin: Plugin, principals: object = { joe }, roles = ["user"], block: object = { place: "here" }) {
  const realm = { name: "realm1", roles: roles.map((name) => ({ name, "allow-by-default": true })) };
  return {
    plugins: [...OFFICIAL, plugin],
    realms: [realm],
    transports: [
      {
        type: "memory",
        auth: {
          again: block,
          ticket: { type: "static", principals },
        },
      },
    ],
  } as unknown as WampgateConfig;
}

let router: Router;
let clients: FakeClient[] = [];
afterEach(async () => {
  for (const each of clients) each.close();
  clients = [];
  await router.close();
});

async function start(config: WampgateConfig): Promise<void> {
  ({ router } = await makeRouter(config as unknown as Record<string, unknown>));
  await router.start();
}

function client(): FakeClient {
  const fresh = new FakeClient(router.connect());
  clients.push(fresh);
  return fresh;
}

async function loginByTicket(): Promise<{ past: string; first: FakeClient }> {
  const first = client();
  first.hello({ authid: "joe", authmethods: ["again", "ticket"] });
  await first.expect(Code.CHALLENGE);
  first.authenticate("right");
  const [, session] = await first.expect(Code.WELCOME);
  return { past: String(session), first };
}

function helloAgain(past: string): FakeClient {
  const second = client();
  second.hello({ authmethods: ["again", "ticket"], authextra: { session: past } });
  return second;
}

it("a client is let in as it was before: WELCOME names its method of then, and what has let it in now", async () => {
  const { plugin } = memories();
  await start(configOf(plugin));
  const { past } = await loginByTicket();
  expect(await helloAgain(past).welcomed()).toMatchObject({
    realm: "realm1",
    authid: "joe",
    authrole: "user",
    authmethod: "ticket",
    authprovider: "memory",
    authextra: { id: 7 },
  });
});

it("a method is passed over where no block of it applies, and its open block is asked", async () => {
  const { plugin, happened } = memories();
  await start(configOf(plugin));
  const { first } = await loginByTicket();
  first.close();
  await router.close();
  expect(happened).toEqual(["opened here", "asked open here", "closed here"]);
});

it("a reload ends a session that was let in again, as it ends the one of the login", async () => {
  const { plugin, happened } = memories();
  await start(configOf(plugin));
  const { past, first } = await loginByTicket();
  const second = helloAgain(past);
  await second.welcomed();
  await router.reload(configOf(plugin, {}));
  for (const each of [first, second]) expect((await each.expect(Code.GOODBYE))[2]).toBe("wamp.close.killed");
  expect(happened.slice(-2)).toEqual(["opened here", "closed here"]);
});

it("a reload also moves the end of a session that was let in again", async () => {
  const { plugin } = memories();
  await start(configOf(plugin));
  const { past } = await loginByTicket();
  const second = helloAgain(past);
  expect(await second.welcomed()).not.toHaveProperty("expires");
  await router.reload(configOf(plugin, { joe: { ...joe, expires: 1_000_000_000 } }));
  expect((await second.expect(Code.GOODBYE))[2]).toBe("wampgate.close.expired");
});

it.each<[string, object, string[], PastJudgement]>([
  [
    "the role is gone",
    { joe: { ...joe, role: "other" } },
    ["other"],
    { why: "the role user is not in the realm realm1 any more", isPlaceGone: true },
  ],
  ["the principal is gone", {}, ["user"], { why: "its principal is not there any more", isPlaceGone: false }],
  [
    "the principal has expired",
    { joe: { ...joe, expires: 1_000_000_000 } },
    ["user"],
    { why: "the login has expired", isPlaceGone: false },
  ],
  [
    "the principal expires one day",
    { joe: { ...joe, expires: 4_000_000_000 } },
    ["user"],
    { why: null, expires: 4_000_000_000 },
  ],
])("a later login is judged by the current config: %s", async (_what, principals, roles, expected) => {
  const { plugin, judged } = memories();
  await start(configOf(plugin));
  const { past } = await loginByTicket();
  await router.reload(configOf(plugin, principals, roles));
  const second = helloAgain(past);
  await second.next();
  expect(judged).toEqual([expected]);
});

it("a login that is taken again without a look ends where its role is gone", async () => {
  const { plugin } = memories();
  await start(configOf(plugin));
  const { past } = await loginByTicket();
  await router.reload(configOf(plugin, { joe: { ...joe, role: "other" } }, ["other"]));
  expect(await helloAgain(past).aborted()).toMatchObject({ reason: "wamp.error.no_such_role" });
});

it("a plugin may end a session that has joined, once", async () => {
  const { plugin, logins } = memories();
  await start(configOf(plugin));
  const { past, first } = await loginByTicket();
  for (const reason of ["com.example.over", "com.example.again"]) logins.get(past)?.end(reason, "that is all");
  expect(await first.expect(Code.GOODBYE)).toEqual([Code.GOODBYE, { message: "that is all" }, "com.example.over"]);
});

it("a mistake in a block of its own is one of the config, and a cluster can be warned of", async () => {
  const { plugin } = memories();
  const badBlock = (place: string) =>
    makeRouter(configOf(plugin, {}, ["user"], { place }) as unknown as Record<string, unknown>);
  await expect(badBlock("nowhere")).rejects.toThrow("transports[0].auth.again.place: there is no such place");
  const locked = await badBlock("locked");
  await expect(locked.router.start()).rejects.toThrow("transports[0].auth.again.place: it is locked");
  await start(configOf(plugin));
  expect(await router.check()).toMatchObject({ warnings: [] });
});
