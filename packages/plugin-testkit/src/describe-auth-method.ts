import assert from "node:assert/strict";
import {
  accepted,
  type AuthMethod,
  type ClientAnswer,
  type ClientHalf,
  ConfigError,
  credential,
  createRouter,
  type MemoryConnectOptions,
  type Plugin,
  type SaidHello,
  type WampgateConfig,
} from "@wampgate/core";
import { CapturedLog } from "./captured-log.ts";
import { answerChallenges, type Prover } from "./exchange.ts";
import type { FakeClient } from "./fake-client.ts";
import { answering, firstFactor } from "./probes.ts";
import { type Runner, withRouter as withTestRouter } from "./runner.ts";
import { DEFAULT_REALMS, type PluginEntry, type TestRouter, type TestRouterOptions } from "./test-router.ts";

/** A method, and what the suite must know to log in by it. */
export interface AuthMethodSpec {
  readonly plugin: Plugin;
  /** The plugin's options. */
  readonly options?: unknown;
  /** The method's name. */
  readonly method: string;
  /** A static block that knows `authid`, with the role `user`; or one that is right, if it knows none. */
  readonly block: Readonly<Record<string, unknown>>;
  /** A static block that does not know `authid`; null for a method that knows everybody, or none. */
  readonly otherBlock: Readonly<Record<string, unknown>> | null;
  /** Null: its static block has no principals. Then only its blocks are tested, and what it does with a strategy. */
  readonly authid: string | null;
  /** What the method's `client` makes its answers of, and HELLO's `authextra`. Give it, or `prove`. */
  readonly secret?: string;
  /**
   * The right answer to CHALLENGE's extra, in each round, by what HELLO said; null for a method that never challenges.
   */
  readonly prove?: ((extra: Record<string, unknown>, hello: SaidHello) => ClientAnswer | Promise<ClientAnswer>) | null;
  /** A proof is worth nothing in another session; false for a ticket. */
  readonly proofIsFresh: boolean;
  /** How clients connect: with a `certificate`, for a method that wants one. */
  readonly connection?: MemoryConnectOptions;
  /** Blocks that are wrong, and the path within the block that the error names. */
  readonly badBlocks: readonly { readonly block: Readonly<Record<string, unknown>>; readonly path: string }[];
}

const DENIED = "wamp.error.authentication_denied";
const FAILED = "wamp.error.authentication_failed";

/** Says in tests of `runner` what every authentication method must do, and that this one does. */
export function describeAuthMethod({ describe, it }: Runner, spec: AuthMethodSpec): void {
  const { method, block } = spec;
  const plugin = entryOf(spec);
  const prove = proverOf(spec);
  const auth = (own: unknown): unknown => ({ [method]: own });
  const known = { plugins: [plugin], auth: auth({ type: "static", ...block }) };
  const sayHello = (client: FakeClient): Promise<void> => helloOf(spec, client);
  const proof: Prover =
    prove ??
    (() => {
      throw new Error(needsProof(method));
    });

  describe(`the authentication method ${method}`, () => {
    if (spec.authid !== null)
      it("lets a principal of its static block in", () =>
        withRouter(spec, known, async ({ connect }) => {
          const client = connect();
          await sayHello(client);
          const rounds = await answerChallenges(client, proof);
          const welcome = await client.welcomed();
          assert.equal(welcome["authmethod"], method);
          assert.equal(welcome["authprovider"], "static");
          assert.equal(welcome["authrole"], "user");
          assert.equal(welcome["realm"], "realm1");
          if (prove !== null) assert.ok(rounds.length > 0, `${method} never challenges: \`prove\` of its spec is null`);
        }));

    for (const { block: bad, path } of spec.badBlocks) {
      it(`has a block refused at start where ${path} is wrong, with that path`, async () => {
        await assert.rejects(
          createRouter(configOf({ ...known, auth: auth({ type: "static", ...bad }) })),
          (error) => error instanceof ConfigError && error.message.includes(path),
        );
      });
    }

    it("has an unknown key in its block refused at start", async () => {
      const misspelt = auth({ type: "static", ...block, nonsense: 1 });
      await assert.rejects(
        createRouter(configOf({ ...known, auth: misspelt })),
        (error) => error instanceof ConfigError && error.message.includes("nonsense"),
      );
    });

    for (const [name, answer] of BAD_ANSWERS) {
      it(`ends in ABORT where a strategy answers ${name}`, () =>
        withRouter(
          spec,
          { plugins: [plugin, answering(answer)], auth: auth({ type: "probe" }) },
          async ({ connect, log }) => {
            const client = connect();
            await sayHello(client);
            const { reason } = await endOf(client);
            assert.equal(reason, FAILED);
            assert.match(log.text(), /probe/);
          },
        ));
    }

    it("ends in ABORT in bounded time where a strategy hangs", () =>
      withRouter(
        spec,
        {
          plugins: [plugin, answering(() => new Promise(() => undefined))],
          auth: auth({ type: "probe" }),
          authTimeout: 500,
        },
        async ({ connect, router }) => {
          const client = connect();
          await sayHello(client);
          assert.equal((await endOf(client)).reason, FAILED);
          assert.deepEqual(router.sessionCount, { remote: 0, local: 0 });
        },
      ));

    it("gives what a strategy says to the client where it denies", () =>
      withRouter(
        spec,
        {
          plugins: [plugin, answering(() => ({ kind: "denied", reason: "com.example.closed", message: "come later" }))],
          auth: auth({ type: "probe" }),
        },
        async ({ connect }) => {
          const client = connect();
          await sayHello(client);
          assert.deepEqual(await endOf(client), { reason: "com.example.closed", message: "come later" });
        },
      ));

    it("lets a strategy accept only where the method declares that it may judge the proof", () =>
      withRouter(
        spec,
        {
          plugins: [plugin, answering(() => accepted({ authid: "joe", role: "user" }))],
          auth: auth({ type: "probe" }),
        },
        async ({ connect }) => {
          const client = connect();
          await sayHello(client);
          await answerChallenges(client, proof);
          if ((await methodOf(spec))?.strategyMayVerify === true)
            assert.equal((await client.welcomed())["authrole"], "user");
          else assert.equal((await client.aborted()).reason, FAILED);
        },
      ));

    if (prove !== null && spec.authid !== null) describeProofs({ describe, it }, spec, spec.authid, prove);
  });

  async function endOf(client: FakeClient): Promise<{ reason: string; message: string | undefined }> {
    await answerChallenges(client, proof);
    return client.aborted();
  }
}

/** Runs `use` with a router whose clients connect as the spec says. */
function withRouter<T>(
  { connection }: AuthMethodSpec,
  options: TestRouterOptions,
  use: (router: TestRouter) => Promise<T>,
): Promise<T> {
  return withTestRouter(options, (running) => use({ ...running, connect: () => running.connect(connection) }));
}

function needsProof(method: string): string {
  return `the method ${method} challenges: its spec needs \`prove\`, or \`secret\` and the method a \`client\``;
}

/** How the client answers; null if the method never challenges. */
function proverOf(spec: AuthMethodSpec): Prover | null {
  const { secret, prove = null } = spec;
  if (secret === undefined) return prove === null ? null : (extra, _round, hello) => prove(extra, hello);
  return async (extra, _round, hello) => {
    const client = await clientOf(spec);
    if (client === undefined) throw new Error(needsProof(spec.method));
    return client.answer(extra, secret, hello);
  };
}

/** Sends HELLO, with the `authextra` that the method's client sends. @param as another authid @param method another one, which begins */
async function helloOf(
  spec: AuthMethodSpec,
  client: FakeClient,
  as: string | null = spec.authid,
  method: string = spec.method,
): Promise<void> {
  const { secret } = spec;
  const authextra = secret === undefined ? undefined : await (await clientOf(spec))?.authextra?.(secret);
  client.hello({ authid: as, authmethods: [method], ...(authextra === undefined ? {} : { authextra }) });
}

async function clientOf(spec: AuthMethodSpec): Promise<ClientHalf | undefined> {
  return (await methodOf(spec))?.client;
}

/** The method as a router has it: its plugin may make it from its options. */
async function methodOf(spec: AuthMethodSpec): Promise<AuthMethod | undefined> {
  const { method, block } = spec;
  const config = configOf({ plugins: [entryOf(spec)], auth: { [method]: { type: "static", ...block } } });
  const router = await createRouter(config, { log: new CapturedLog() });
  await router.close();
  return router.plugins.flatMap(({ plugin }) => plugin.methods).find(({ name }) => name === method);
}

function entryOf({ plugin, options }: AuthMethodSpec): PluginEntry {
  return options === undefined ? plugin : [plugin, options];
}

function describeProofs({ it }: Runner, spec: AuthMethodSpec, authid: string, prove: Prover): void {
  const { method, block, otherBlock, proofIsFresh } = spec;
  const plugin = entryOf(spec);
  const known = { plugins: [plugin], auth: { [method]: { type: "static", ...block } } };
  const sayHello = (client: FakeClient, as?: string | null): Promise<void> => helloOf(spec, client, as);

  /** Right in every round but the last one, by which a method knows enough to refuse. */
  const wrongAtLast = async (connect: TestRouter["connect"], wrong: string): Promise<Prover> => {
    const client = connect();
    await sayHello(client);
    const last = (await answerChallenges(client, prove)).length - 1;
    await client.welcomed();
    return (extra, round, hello) => (round >= last ? wrong : prove(extra, round, hello));
  };

  for (const [name, wrong] of [
    ["a wrong proof", "wrong"],
    ["an empty proof", ""],
  ] as const) {
    it(`denies ${name}, and closes`, () =>
      withRouter(spec, known, async ({ connect }) => {
        const proof = await wrongAtLast(connect, wrong);
        const client = connect();
        await sayHello(client);
        await answerChallenges(client, proof);
        assert.equal((await client.aborted()).reason, DENIED);
      }));
  }

  it("treats an unknown authid, and none, like a known one with a wrong proof", () =>
    withRouter(spec, known, async ({ connect }) => {
      const proof = await wrongAtLast(connect, "wrong");
      const seen = [];
      for (const as of [authid, `not-${authid}`, "__proto__", "constructor", null]) {
        const client = connect();
        await sayHello(client, as);
        const rounds = await answerChallenges(client, proof);
        seen.push({ shapes: rounds.map(({ challenge }) => shapeOf(challenge)), abort: await client.aborted() });
      }
      for (const other of seen) assert.deepEqual(other, seen[0]);
    }));

  it("denies the right proof of one who is unknown to it", async () => {
    const stranger = { ...known, auth: { [method]: { type: "static", ...otherBlock } } };
    await withRouter(spec, stranger, async ({ connect }) => {
      const client = connect();
      await sayHello(client);
      await answerChallenges(client, prove);
      assert.equal((await client.aborted()).reason, DENIED);
    });
  });

  if (proofIsFresh) {
    it("denies a proof that was right in another session", () =>
      withRouter(spec, known, async ({ connect }) => {
        const first = connect();
        await sayHello(first);
        const rounds = await answerChallenges(first, prove);
        await first.welcomed();
        const second = connect();
        await sayHello(second);
        await answerChallenges(second, (_extra, round) => rounds[round]?.proof ?? "");
        assert.equal((await second.aborted()).reason, DENIED);
      }));
  }

  it("lets a client in as a further factor, and denies and forgets the right proof where the first one was wrong", async () => {
    const rounds = await withRouter(spec, known, async ({ connect }) => {
      const client = connect();
      await sayHello(client);
      return (await answerChallenges(client, prove)).length;
    });
    // A login takes three rounds at most, and one is the first factor's.
    if (rounds > 2) return;
    const first = { type: "static", then: method, principals: { [authid]: { role: "user" } } };
    const auth = { "testkit-first": first, [method]: { type: "static", alone: false, ...block } };
    await withRouter(spec, { plugins: [plugin, firstFactor], auth }, async ({ connect }) => {
      const attempt = async (as: string, word: string): Promise<{ client: FakeClient; shapes: unknown[] }> => {
        const client = connect();
        await helloOf(spec, client, as, "testkit-first");
        const seen = await answerChallenges(client, (extra, round, hello) =>
          round === 0 ? word : prove(extra, round - 1, hello),
        );
        return { client, shapes: seen.map(({ challenge }) => shapeOf(challenge)) };
      };
      const wrong = await attempt(authid, "wrong");
      const denied = await wrong.client.aborted();
      assert.equal(denied.reason, DENIED);
      const unknown = await attempt(`not-${authid}`, "first");
      assert.deepEqual([await unknown.client.aborted(), unknown.shapes], [denied, wrong.shapes]);
      const right = await attempt(authid, "first");
      assert.deepEqual(right.shapes, wrong.shapes);
      assert.deepEqual((await right.client.welcomed())["authfactors"], ["testkit-first", method]);
    });
  });

  it("shares nothing between two routers", () =>
    withRouter(spec, known, (first) =>
      withRouter(spec, { ...known, auth: { [method]: { type: "static", ...otherBlock } } }, async (second) => {
        const [in1, in2] = [first.connect(), second.connect()];
        await sayHello(in1);
        await sayHello(in2);
        await Promise.all([answerChallenges(in1, prove), answerChallenges(in2, prove)]);
        await in1.welcomed();
        assert.equal((await in2.aborted()).reason, DENIED);
      }),
    ));

  it("writes no proof into the log", () =>
    withRouter(spec, known, async ({ connect, log }) => {
      const client = connect();
      await sayHello(client);
      // What an earlier round asks for may be no secret, a name perhaps.
      const proof = (await answerChallenges(client, prove)).at(-1)?.proof;
      await client.welcomed();
      assert.ok(proof !== undefined && !log.text().includes(proof));
    }));
}

/** What tapable takes for an answer, and what is none of the tagged ones. */
const BAD_ANSWERS: [string, () => unknown][] = [
  ["null", () => null],
  ["false", () => false],
  ["0", () => 0],
  ["undefined", () => undefined],
  ["a string", () => "user"],
  ["true", () => true],
  ["a principal without a tag", () => ({ role: "user" })],
  ["a role that is a number", () => ({ kind: "credential", credential: {}, assignment: { role: 5 } })],
  ["a credential of another shape", () => credential("nothing", { role: "user" })],
  [
    "by throwing",
    () => {
      throw new Error("boom");
    },
  ],
  ["by rejecting", () => Promise.reject(new Error("boom"))],
];

function configOf({ plugins, auth }: { plugins: readonly PluginEntry[]; auth: unknown }): WampgateConfig {
  return { plugins, realms: DEFAULT_REALMS, transports: [{ type: "memory", auth }] } as unknown as WampgateConfig;
}

/** Keys and types, without the values: what a stranger could tell two challenges apart by. */
function shapeOf(value: unknown): unknown {
  if (typeof value === "string" && value.startsWith("{")) return shapeOf(JSON.parse(value));
  if (Array.isArray(value)) return value.map((item) => shapeOf(item));
  if (typeof value !== "object" || value === null) return typeof value === "object" ? "string" : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shapeOf(item)]));
}
