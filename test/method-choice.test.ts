import {
  acceptAs,
  type AuthMethod,
  challenge,
  credential,
  defineMethod,
  definePlugin,
  defineStrategy,
  deny,
  unknown,
  z,
} from "@wampgate/core";
import { startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";

// What a method and a strategy may say about clients that are not theirs.

let router: TestRouter;
afterEach(() => router.close());

/** A method that lets everybody in under its own name. */
const method = (name: string, applies?: AuthMethod["applies"]): AuthMethod =>
  defineMethod({
    name,
    at: "hello",
    credential: z.unknown(),
    static: { schema: z.strictObject({}), find: () => unknown(), assignments: () => [] },
    challenge: () => acceptAs({ authid: name, role: "user" }),
    decoy: () => credential({}),
    ...(applies === undefined ? {} : { applies }),
  });

async function logIn(applies: AuthMethod["applies"], authmethods = ["first", "second"]): Promise<unknown> {
  const methods = [method("first", applies), method("second")];
  router = await startTestRouter({
    plugins: [definePlugin({ name: "choosy", core: "*", methods })],
    auth: { first: { type: "static" }, second: { type: "static" } },
  });
  const client = router.connect();
  client.hello({ authmethods, authextra: { wants: "first" } });
  const [code, what, last] = await client.next();
  return code === 2 ? (last as { authmethod: string }).authmethod : [what, last];
}

it.each([
  ["a method that applies is used", () => true, "first"],
  ["one that does not is passed over, as if it were not configured", () => false, "second"],
  ["it may take its time", () => Promise.resolve(false), "second"],
  [
    "it sees HELLO",
    ({ authextra }: { authextra: unknown }) => (authextra as { wants: string }).wants !== "first",
    "second",
  ],
] as const)("%s", async (_, applies, chosen) => {
  expect(await logIn(applies)).toBe(chosen);
});

it("a client of which no method applies is told that none matches", async () => {
  expect(await logIn(() => false, ["first"])).toMatchObject([{}, "wamp.error.no_matching_auth_method"]);
});

it.each([
  [
    "throws",
    () => {
      throw new Error("broken");
    },
    /"choosy" failed to say whether its method first applies: broken/,
  ],
  ["answers no boolean", () => "no" as never, /"choosy" said a string, expected true or false/],
] as const)("a method whose applies %s denies the login, and the log names the plugin", async (_, applies, said) => {
  expect(await logIn(applies)).toMatchObject([{}, "wamp.error.authentication_failed"]);
  expect(router.log.text()).toMatch(said);
});

describe("blocks that are for some clients only", () => {
  interface Block {
    readonly for: string;
  }
  const saysFor = ({ authextra }: { authextra: unknown }, block: unknown): boolean => {
    const { for: whom } = block as Block;
    if (whom === "broken") throw new Error("broken");
    return whom === "odd" ? ("no" as never) : (authextra as { wants: string }).wants === whom;
  };
  const block = z.strictObject({ for: z.string() });
  const choosy: AuthMethod = {
    ...method("first"),
    static: { schema: block, find: () => unknown(), assignments: () => [], applies: saysFor },
  };
  const some = defineStrategy<Block, Block>({
    type: "some",
    block,
    open: (own) => ({ value: own }),
    applies: saysFor,
    resolve: () => unknown(),
  });
  const all = defineStrategy({ type: "all", block: z.strictObject({}), resolve: () => unknown() });

  async function logInBy(...blocks: object[]): Promise<unknown> {
    const plugin = definePlugin({
      name: "choosy",
      core: "*",
      methods: [choosy, method("second")],
      strategies: [some, all],
    });
    router = await startTestRouter({ plugins: [plugin], auth: { first: blocks, second: { type: "static" } } });
    const client = router.connect();
    client.hello({ authmethods: ["first", "second"], authextra: { wants: "first" } });
    const [code, what, last] = await client.next();
    return code === 2 ? (last as { authmethod: string }).authmethod : [what, last];
  }

  it.each<[string, object[], string]>([
    [
      "one that applies is enough",
      [
        { type: "static", for: "other" },
        { type: "some", for: "first" },
      ],
      "first",
    ],
    [
      "where none applies, the method is passed over",
      [
        { type: "static", for: "other" },
        { type: "some", for: "other" },
      ],
      "second",
    ],
    ["one that says nothing applies to everybody", [{ type: "static", for: "other" }, { type: "all" }], "first"],
    [
      "one by which no client may begin does not count",
      [
        { type: "static", for: "other" },
        { type: "all", alone: false },
      ],
      "second",
    ],
  ])("%s", async (_what, blocks, chosen) => {
    expect(await logInBy(...blocks)).toBe(chosen);
  });

  it.each([
    ["broken", /"choosy" failed to say whether its method first applies: broken/],
    ["odd", /"choosy" said a string, expected true or false/],
  ])("one that is %s denies the login, and the log names the plugin", async (whom, said) => {
    expect(await logInBy({ type: "some", for: whom })).toMatchObject([{}, "wamp.error.authentication_failed"]);
    expect(router.log.text()).toMatch(said);
  });
});

it("a block without type has the default type of its method", async () => {
  const plugin = definePlugin({ name: "easy", core: "*", methods: [{ ...method("first"), defaultType: "static" }] });
  router = await startTestRouter({ plugins: [plugin], auth: { first: {} } });
  const client = router.connect();
  client.hello({ authmethods: ["first"] });
  await client.welcomed();
});

it("a block without type is an error where its method has no default type", async () => {
  const plugin = definePlugin({ name: "strict", core: "*", methods: [method("first")] });
  await expect(startTestRouter({ plugins: [plugin], auth: { first: {} } })).rejects.toThrow(
    "auth.first.type: expected where its principals come from, found nothing; write type: static",
  );
});

describe("a strategy's decoy", () => {
  const asked: unknown[] = [];
  const word = defineMethod({
    name: "word",
    at: "hello",
    credential: z.object({ word: z.string(), hint: z.string() }),
    challenge: async (attempt) => {
      const { credential: found } = (await attempt.resolvePrincipal()) as unknown as { credential: { hint: string } };
      return challenge({ hint: found.hint });
    },
    authenticate: () => deny(),
    decoy: () => credential({ word: "x", hint: "the method's" }),
  });
  const start = async (decoy?: (query: unknown, block: unknown) => never): Promise<string> => {
    const strategy = defineStrategy({
      type: "table",
      block: z.object({ hints: z.string() }),
      resolve: () => unknown(),
      ...(decoy === undefined ? {} : { decoy }),
    });
    router = await startTestRouter({
      plugins: [definePlugin({ name: "tables", core: "*", methods: [word], strategies: [strategy] })],
      auth: { word: { type: "table", hints: "the table's" } },
    });
    const client = router.connect();
    client.hello({ authid: "stranger", authmethods: ["word"] });
    const [code, second, third] = await client.next();
    return code === 4 ? (third as { hint: string }).hint : String(third ?? second);
  };

  it("makes an unknown authid look like one of its own", async () => {
    const decoy = ({ authid }: { authid: string }, { hints }: { hints: string }) => {
      asked.push(authid);
      return credential({ word: "x", hint: hints });
    };
    expect(await start(decoy as never)).toBe("the table's");
    expect(asked).toEqual(["stranger"]);
  });

  it("is that of the last block that keeps principals: all blocks were asked", async () => {
    const table = (type: string, hint?: string) =>
      defineStrategy({
        type,
        block: z.object({}),
        resolve: () => unknown(),
        ...(hint === undefined ? {} : { decoy: () => credential({ word: "x", hint }) }),
      });
    const strategies = [table("one", "the first"), table("two", "the second"), table("asks-others")];
    router = await startTestRouter({
      plugins: [definePlugin({ name: "tables", core: "*", methods: [word], strategies })],
      auth: { word: [{ type: "one" }, { type: "two" }, { type: "asks-others" }] },
    });
    const client = router.connect();
    client.hello({ authid: "stranger", authmethods: ["word"] });
    expect(await client.expect(4)).toMatchObject([4, "word", { hint: "the second" }]);
  });

  it("is the method's, where it has none", async () => {
    expect(await start()).toBe("the method's");
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("broken");
      },
      /"tables" failed to make a decoy.*broken/,
    ],
    ["is no credential", () => unknown(), /"tables" gave no credential\(\) as the decoy of its strategy "table"/],
  ] as const)("that %s denies the login, and the log names the plugin", async (_, decoy, said) => {
    expect(await start(decoy as never)).toBe("wamp.error.authentication_failed");
    expect(router.log.text()).toMatch(said);
  });
});
