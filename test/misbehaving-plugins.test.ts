import {
  accept,
  acceptAs,
  challenge,
  Code,
  credential,
  defineMethod,
  definePlugin,
  deny,
  type Plugin,
  type PluginApi,
  z,
} from "@wampgate/core";
import { startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { OFFICIAL } from "./support/router.ts";

const FAILED = "wamp.error.authentication_failed";
const auth = { ticket: { type: "static", principals: { joe: { ticket: "secret", role: "user" } } } };

const bad = (apply: (api: PluginApi) => void): Plugin => definePlugin({ name: "bad-plugin", core: "*", apply });

const hang = (): Promise<never> => new Promise(() => undefined);
const boom = (): never => {
  throw new Error("boom");
};
const MISDEEDS: [string, () => unknown][] = [
  ["hangs", hang],
  ["throws", boom],
  ["rejects", () => Promise.reject(new Error("boom"))],
  ["returns null", () => null],
  ["returns false", () => false],
  ["returns a string", () => "yes"],
  ["returns the Promise of null", () => Promise.resolve(null)],
];

/** Where a plugin can go wrong in a login by ticket. */
const HOOKS: [string, (api: PluginApi, misdeed: () => never) => void][] = [
  ["hello", ({ hooks }, misdeed) => hooks.hello.tap("bad-plugin", misdeed)],
  ["challenge", ({ hooks }, misdeed) => hooks.challenge.for("ticket").tap({ name: "bad-plugin", stage: -1 }, misdeed)],
  [
    "authenticate",
    ({ hooks }, misdeed) => hooks.authenticate.for("ticket").tap({ name: "bad-plugin", stage: -1 }, misdeed),
  ],
  ["principal", ({ hooks }, misdeed) => hooks.principal.for("static").tap({ name: "bad-plugin", stage: -1 }, misdeed)],
];

async function attempt({ connect }: TestRouter): Promise<unknown> {
  const client = connect();
  client.hello({ authid: "joe", authmethods: ["ticket"] });
  let message = await client.next();
  if (message[0] === Code.CHALLENGE) {
    client.authenticate("secret");
    message = await client.next();
  }
  if (message[0] === Code.ABORT) await client.closed;
  return message[0] === Code.ABORT ? message[2] : message[0];
}

describe.each(HOOKS)("a plugin that goes wrong in %s", (_hook, tap) => {
  it.each(MISDEEDS)(
    "and %s: the client gets ABORT, the log names the plugin, the router lives",
    async (_how, misdeed) => {
      let once = true;
      const plugin = bad((api) =>
        tap(api, (() => {
          if (!once) return undefined;
          once = false;
          return misdeed();
        }) as () => never),
      );
      const router = await startTestRouter({ plugins: [...OFFICIAL, plugin], auth, authTimeout: 1500 });
      expect(await attempt(router)).toBe(FAILED);
      expect(router.log.text()).toContain('plugin "bad-plugin"');
      expect(await attempt(router)).toBe(Code.WELCOME);
      await router.close();
    },
  );
});

it("a plugin that is late at many logins is one error in the log", async () => {
  const plugin = bad(({ hooks }) => hooks.challenge.for("ticket").tapPromise({ name: "bad-plugin", stage: -1 }, hang));
  const router = await startTestRouter({ plugins: [...OFFICIAL, plugin], auth, authTimeout: 300 });
  for (let i = 0; i < 3; i++) expect(await attempt(router)).toBe(FAILED);
  expect(router.log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  await router.close();
});

it("a look-up that hangs is named, though its method asked late and waits for it", async () => {
  const late = defineMethod({
    name: "late",
    at: "hello",
    credential: z.object({}),
    static: { schema: z.strictObject({}), find: hang, assignments: () => [] },
    async challenge(login) {
      await Promise.resolve();
      await login.resolvePrincipal();
      return accept();
    },
    decoy: () => credential({}),
  });
  const plugin = definePlugin({ name: "late", core: "*", methods: [late] });
  const router = await startTestRouter({ plugins: [plugin], auth: { late: { type: "static" } }, authTimeout: 50 });
  const client = router.connect();
  client.hello({ authmethods: ["late"] });
  await client.expect(Code.ABORT);
  expect(router.log.text()).toContain("failed in principal.static: no answer within 50 ms");
  await router.close();
});

describe("a plugin that goes wrong", () => {
  it("in welcome: the client gets ABORT, since a plugin that adds to WELCOME may be needed for it", async () => {
    const plugin = bad(({ hooks }) => hooks.welcome.tap("bad-plugin", boom));
    const router = await startTestRouter({ plugins: [...OFFICIAL, plugin], auth });
    expect(await attempt(router)).toBe(FAILED);
    await router.close();
  });

  it("in joined, left or refused: it is logged, and nobody is harmed", async () => {
    const plugin = bad(({ hooks }) => {
      for (const hook of [hooks.joined, hooks.left, hooks.loginFailed]) hook.tap("bad-plugin", boom);
    });
    const router = await startTestRouter({ plugins: [...OFFICIAL, plugin], auth });
    expect(await attempt(router)).toBe(Code.WELCOME);
    await router.close();
    expect(router.log.text()).toMatch(/"bad-plugin" failed in joined: boom[^]*"bad-plugin" failed in left: boom/);
  });

  it("in what it puts into WELCOME: nobody is let in with what cannot be said", async () => {
    const plugin = bad(({ hooks }) =>
      hooks.welcome.tap("bad-plugin", (_attempt, details) => {
        details["x_bad"] = () => 1;
      }),
    );
    const router = await startTestRouter({ plugins: [...OFFICIAL, plugin], auth });
    expect(await attempt(router)).toBe(FAILED);
    expect(router.router.sessionCount.remote).toBe(0);
    await router.close();
  });

  it("in authorize: the action is refused with authorization_failed, and the session's later messages come after it", async () => {
    const plugin = bad(({ hooks }) => {
      hooks.authorize.tapPromise("bad-plugin", async ({ uri }) => {
        await new Promise(setImmediate);
        if (uri === "com.example.boom") throw new Error("boom");
        return uri === "com.example.no" ? { allow: false } : { allow: true };
      });
    });
    const realms = [{ name: "realm1", roles: [{ name: "user" }] }];
    const router = await startTestRouter({ plugins: [...OFFICIAL, plugin], auth, realms });
    const client = router.connect();
    client.hello({ authid: "joe", authmethods: ["ticket"] });
    await client.expect(Code.CHALLENGE);
    client.authenticate("secret");
    await client.welcomed();
    for (const [i, uri] of ["com.example.boom", "com.example.no", "com.example.yes"].entries())
      client.send(32, i + 1, {}, uri);
    client.send(34, 4, 1);
    expect((await client.next()).slice(0, 5)).toEqual([8, 32, 1, {}, "wamp.error.authorization_failed"]);
    expect((await client.next()).slice(0, 5)).toEqual([8, 32, 2, {}, "wamp.error.not_authorized"]);
    expect((await client.next()).slice(0, 2)).toEqual([33, 3]);
    expect((await client.next())[1]).toBe(4);
    await router.close();
  });

  it("by tapping a method that no plugin provides: the start fails, and names the tap", async () => {
    const plugin = bad(({ hooks }) => hooks.challenge.for("nosuch").tap("bad-plugin", () => undefined));
    await expect(startTestRouter({ plugins: [...OFFICIAL, plugin], auth })).rejects.toThrow('challenge.for("nosuch")');
  });

  it("by tapping after the start: the tap is refused", async () => {
    const router = await startTestRouter({ plugins: OFFICIAL, auth });
    expect(() => router.router.hooks.hello.tap("late", () => undefined)).toThrow(/after the router has started/);
    await router.close();
  });
});

describe("a hook that settles a login in hello", () => {
  it("lets the client in as the principal it names", async () => {
    const plugin = bad(({ hooks }) =>
      hooks.hello.tap("cookie", () =>
        acceptAs({ authid: "ann", role: "user" }, { authmethod: "cookie", provider: "cookies" }),
      ),
    );
    const router = await startTestRouter({ plugins: [...OFFICIAL, plugin], auth });
    const client = router.connect();
    client.hello({ authmethods: ["ticket"] });
    expect(await client.welcomed()).toMatchObject({ authid: "ann", authmethod: "cookie", authprovider: "cookies" });
    await router.close();
  });

  it("denies with its own reason, in the one text where it gives none", async () => {
    const plugin = bad(({ hooks }) =>
      hooks.hello.tap("ban-list", ({ authid }) => (authid === "joe" ? deny() : undefined)),
    );
    const router = await startTestRouter({ plugins: [...OFFICIAL, plugin], auth });
    expect(await attempt(router)).toBe("wamp.error.authentication_denied");
    await router.close();
  });
});

describe("a method of more than one round", () => {
  it("may challenge again, and gets its state back each time", async () => {
    const method = defineMethod({
      name: "twice",
      at: "authenticate",
      credential: z.object({ ticket: z.string() }),
      challenge: () => challenge({}, { state: 1 }),
      authenticate: async (login, proof, state) => {
        if (state === 1) return challenge({ round: 2 }, { state: 2 });
        await login.resolvePrincipal();
        return proof.signature === "second" ? accept() : deny();
      },
      static: {
        schema: z.strictObject({}),
        find: () => credential({ ticket: "x" }, { role: "user" }),
        assignments: () => [],
      },
      decoy: () => credential({ ticket: "x" }),
    });
    const plugin = definePlugin({ name: "twice", core: "*", methods: [method] });
    const router = await startTestRouter({ plugins: [plugin], auth: { twice: { type: "static" } } });
    const client = router.connect();
    client.hello({ authid: "joe", authmethods: ["twice"] });
    await client.expect(Code.CHALLENGE);
    client.authenticate("first");
    expect(await client.expect(Code.CHALLENGE)).toEqual([4, "twice", { round: 2 }]);
    client.authenticate("second");
    await client.welcomed();
    await router.close();
  });
});
