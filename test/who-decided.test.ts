import {
  accept,
  type AuthMethod,
  credential,
  defineMethod,
  definePlugin,
  defineStrategy,
  denied,
  deny,
  type LoginFailure,
  type Plugin,
  type Verdict,
  z,
} from "@wampgate/core";
import { startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { OFFICIAL } from "./support/router.ts";

// Whose word the log and the hook `loginFailed` take a decision for.

const auth = { ticket: { type: "static", principals: { joe: { ticket: "secret", role: "user" } } } };

let router: TestRouter;
let failures: LoginFailure[];

const witness = definePlugin({
  name: "witness",
  core: "*",
  apply: ({ hooks }) => hooks.loginFailed.tap("witness", (failure) => void failures.push(failure)),
});

async function start(
  plugins: readonly Plugin[],
  offered: Record<string, unknown> = auth,
  authTimeout = 30_000,
): Promise<void> {
  failures = [];
  router = await startTestRouter({ plugins: [witness, ...plugins], auth: offered, authTimeout });
}

afterEach(() => router.close());

/** The plugin in the log's line about the login of each authid. */
function logged(): Record<string, unknown> {
  const lines = router.log.lines.filter(({ fields }) => fields["login"] === "refused");
  return Object.fromEntries(lines.map(({ fields }) => [fields["authid"] as string, fields["plugin"]]));
}

function told(): Record<string, unknown> {
  return Object.fromEntries(failures.map(({ hello, plugin }) => [hello?.authid ?? "", plugin]));
}

it("two plugins that answer with the same object are each named for their own answer", async () => {
  const NO = Object.freeze(deny());
  let asked = 0;
  let letGo = (): void => undefined;
  const bothAsked = new Promise<void>((resolve) => (letGo = resolve));
  // Both answer at the same time, so that neither login has ended when the other one is decided.
  const answer = async (): Promise<Verdict> => {
    asked += 1;
    if (asked === 2) letGo();
    await bothAsked;
    return NO;
  };
  const turningAway = (name: string, whom: string): Plugin =>
    definePlugin({
      name,
      core: "*",
      apply: ({ hooks }) =>
        hooks.hello.tapPromise(name, async ({ authid }) => (authid === whom ? answer() : undefined)),
    });
  await start([...OFFICIAL, turningAway("first", "ann"), turningAway("second", "bob")]);
  const clients = ["ann", "bob"].map((authid) => {
    const client = router.connect();
    client.hello({ authid, authmethods: ["ticket"] });
    return client;
  });
  await Promise.all(clients.map((client) => client.aborted()));
  expect(told()).toEqual({ ann: "first", bob: "second" });
  expect(logged()).toEqual({ ann: "first", bob: "second" });
});

/** A method of the plugin `house`, with these parts of it changed. */
function houseMethod(changed: Partial<AuthMethod> = {}): Plugin {
  const method = defineMethod({
    name: "door",
    at: "hello",
    credential: z.object({ word: z.string() }),
    challenge: async (attempt) => {
      await attempt.resolvePrincipal();
      return accept();
    },
    static: {
      schema: z.strictObject({}),
      find: () => credential({ word: "open" }, { role: "user" }),
      assignments: () => [],
    },
    decoy: () => credential({ word: "open" }),
  });
  return definePlugin({ name: "house", core: "*", methods: [{ ...method, ...changed }] });
}

/** A strategy of the plugin `guests`, that answers so. */
function guestStrategy(resolve: () => unknown): Plugin {
  const strategy = defineStrategy({ type: "list", block: z.strictObject({}), resolve: resolve as () => never });
  return definePlugin({ name: "guests", core: "*", strategies: [strategy] });
}

const statics = (find: () => unknown): Partial<AuthMethod> => ({
  static: { schema: z.strictObject({}), find: find as () => never, assignments: () => [] },
});

const boom = (): never => {
  throw new Error("boom");
};

const SLIPS: [string, readonly Plugin[], string, string][] = [
  [
    "a method that leaves a login without a verdict",
    [houseMethod({ challenge: () => undefined as never })],
    "static",
    'plugin "house" left hello of a login by its method door without a verdict',
  ],
  [
    "a method that asks for the principal twice",
    [
      houseMethod({
        challenge: async (attempt) => {
          await attempt.resolvePrincipal();
          await attempt.resolvePrincipal();
          return accept();
        },
      }),
    ],
    "static",
    'plugin "house" asked for the principal twice in one login by door',
  ],
  [
    "a method that asks for the principal too early",
    [houseMethod({ at: "authenticate" })],
    "static",
    'plugin "house" asked for the principal at hello, though its method door declares at: "authenticate"',
  ],
  [
    "a method whose look-up throws",
    [houseMethod(statics(boom))],
    "static",
    'plugin "house" failed to look up a principal for its method door: boom',
  ],
  [
    "a method whose look-up answers a number",
    [houseMethod(statics(() => 42))],
    "static",
    'plugin "house" answered an integer in principal.static, expected',
  ],
  [
    "a method whose look-up rejects",
    [houseMethod(statics(() => Promise.reject(new Error("boom"))))],
    "static",
    'plugin "house" failed to look up a principal for its method door: boom',
  ],
  [
    "a method whose own credential is none",
    [houseMethod(statics(() => credential({})))],
    "static",
    'plugin "house" gave no credential from its static principals that door can check: word',
  ],
  [
    "a strategy that gives no answer",
    [houseMethod(), guestStrategy(() => undefined)],
    "list",
    'plugin "guests" left a question for a principal without an answer from its strategy "list"',
  ],
  [
    "a strategy whose credential is none",
    [houseMethod(), guestStrategy(() => credential({}))],
    "list",
    'plugin "guests" gave no credential from its strategy "list" that door can check: word',
  ],
];

it.each(SLIPS)("%s: the log and `loginFailed` name its plugin", async (_what, plugins, type, said) => {
  await start(plugins, { door: { type } });
  const client = router.connect();
  client.hello({ authid: "joe", authmethods: ["door"] });
  expect(await client.aborted()).toMatchObject({ reason: "wamp.error.authentication_failed" });
  expect(router.log.text()).toContain(said);
  const by = said.split('"')[1];
  expect(told()).toEqual({ joe: by });
  expect(logged()).toEqual({ joe: by });
});

it("a method whose look-up hangs: the log names its plugin", async () => {
  await start([houseMethod(statics(() => new Promise(() => undefined)))], { door: { type: "static" } }, 100);
  const client = router.connect();
  client.hello({ authid: "joe", authmethods: ["door"] });
  expect(await client.aborted()).toMatchObject({ reason: "wamp.error.authentication_failed" });
  await router.close();
  expect(router.log.text()).toContain('plugin "house" failed in principal.static: ');
});

it("what a method denies in its own look-up bears its plugin's name", async () => {
  await start([houseMethod(statics(() => denied("com.example.closed")))], { door: { type: "static" } });
  const client = router.connect();
  client.hello({ authid: "joe", authmethods: ["door"] });
  expect(await client.aborted()).toMatchObject({ reason: "com.example.closed" });
  expect(told()).toEqual({ joe: "house" });
});
