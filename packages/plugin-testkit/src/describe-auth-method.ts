import assert from "node:assert/strict";
import { accepted, ConfigError, credential, createRouter, type Plugin, type WampgateConfig } from "@wampgate/core";
import { type FakeClient, type WireMessage, Wire } from "./fake-client.ts";
import { answering } from "./probes.ts";
import { type Runner, withRouter } from "./runner.ts";
import { DEFAULT_REALMS } from "./test-router.ts";

/** A method, and what the suite must know to log in by it. */
export interface AuthMethodSpec {
  readonly plugin: Plugin;
  /** The method's name. */
  readonly method: string;
  /** A static block that knows `authid`, with the role `user`. */
  readonly block: Readonly<Record<string, unknown>>;
  /** A static block that does not know `authid`; null for a method that knows everybody. */
  readonly otherBlock: Readonly<Record<string, unknown>> | null;
  readonly authid: string;
  /** The right answer to CHALLENGE's extra; null for a method that never challenges. */
  readonly prove: ((extra: Record<string, unknown>) => string | Promise<string>) | null;
  /** A proof is worth nothing in another session; false for a ticket. */
  readonly proofIsFresh: boolean;
  /** Blocks that are wrong, and the path within the block that the error names. */
  readonly badBlocks: readonly { readonly block: Readonly<Record<string, unknown>>; readonly path: string }[];
}

const DENIED = "wamp.error.authentication_denied";
const FAILED = "wamp.error.authentication_failed";

/** Says in tests of `runner` what every authentication method must do, and that this one does. */
export function describeAuthMethod({ describe, it }: Runner, spec: AuthMethodSpec): void {
  const { plugin, method, block, authid, prove } = spec;
  const auth = (own: unknown): unknown => ({ [method]: own });
  const known = { plugins: [plugin], auth: auth({ type: "static", ...block }) };
  const knock = (client: FakeClient, as = authid): void => client.hello({ authid: as, authmethods: [method] });

  describe(`the authentication method ${method}`, () => {
    it("lets a principal of its static block in", () =>
      withRouter(known, async ({ connect }) => {
        const client = connect();
        knock(client);
        if (prove !== null) client.authenticate(await prove(extraOf(await client.expect(Wire.CHALLENGE))));
        const welcome = await client.welcomed();
        assert.equal(welcome["authmethod"], method);
        assert.equal(welcome["authprovider"], "static");
        assert.equal(welcome["authrole"], "user");
        assert.equal(welcome["realm"], "realm1");
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
          { plugins: [plugin, answering(answer)], auth: auth({ type: "probe" }) },
          async ({ connect, log }) => {
            const client = connect();
            knock(client);
            const { reason } = await afterChallenge(client);
            assert.equal(reason, FAILED);
            assert.match(log.text(), /probe/);
          },
        ));
    }

    it("ends in ABORT in bounded time where a strategy hangs", () =>
      withRouter(
        {
          plugins: [plugin, answering(() => new Promise(() => undefined))],
          auth: auth({ type: "probe" }),
          authTimeout: 150,
        },
        async ({ connect, router }) => {
          const client = connect();
          knock(client);
          assert.equal((await afterChallenge(client)).reason, FAILED);
          assert.deepEqual(router.sessionCount, { remote: 0, local: 0 });
        },
      ));

    it("gives what a strategy says to the client where it denies", () =>
      withRouter(
        {
          plugins: [plugin, answering(() => ({ kind: "denied", reason: "com.example.closed", message: "come later" }))],
          auth: auth({ type: "probe" }),
        },
        async ({ connect }) => {
          const client = connect();
          knock(client);
          assert.deepEqual(await afterChallenge(client), { reason: "com.example.closed", message: "come later" });
        },
      ));

    if (prove === null) return;
    describeProofs({ describe, it }, spec, prove);
  });

  async function afterChallenge(client: FakeClient): Promise<{ reason: string; message: string | undefined }> {
    const claimed = plugin.methods?.find(({ name }) => name === method);
    if (claimed?.at === "authenticate") {
      await client.expect(Wire.CHALLENGE);
      client.authenticate("proof");
    }
    return client.aborted();
  }
}

function describeProofs(
  { it }: Runner,
  { plugin, method, block, otherBlock, authid, proofIsFresh }: AuthMethodSpec,
  prove: NonNullable<AuthMethodSpec["prove"]>,
): void {
  const known = { plugins: [plugin], auth: { [method]: { type: "static", ...block } } };
  const knock = (client: FakeClient, as: string | null = authid): void =>
    client.hello({ authid: as, authmethods: [method] });

  for (const [name, wrong] of [
    ["a wrong proof", "wrong"],
    ["an empty proof", ""],
  ] as const) {
    it(`denies ${name}, and closes`, () =>
      withRouter(known, async ({ connect }) => {
        const client = connect();
        knock(client);
        await client.expect(Wire.CHALLENGE);
        client.authenticate(wrong);
        assert.equal((await client.aborted()).reason, DENIED);
      }));
  }

  it("treats an unknown authid, and none, like a known one with a wrong proof", () =>
    withRouter(known, async ({ connect }) => {
      const seen = [];
      for (const as of [authid, `not-${authid}`, "__proto__", "constructor", null]) {
        const client = connect();
        knock(client, as);
        const challenge = await client.expect(Wire.CHALLENGE);
        client.authenticate("wrong");
        seen.push({ shape: shapeOf(challenge), abort: await client.aborted() });
      }
      for (const other of seen) assert.deepEqual(other, seen[0]);
    }));

  it("denies the right proof of one who is unknown to it", async () => {
    const stranger = { ...known, auth: { [method]: { type: "static", ...otherBlock } } };
    await withRouter(stranger, async ({ connect }) => {
      const client = connect();
      knock(client);
      client.authenticate(await prove(extraOf(await client.expect(Wire.CHALLENGE))));
      assert.equal((await client.aborted()).reason, DENIED);
    });
  });

  if (proofIsFresh) {
    it("denies a proof that was right in another session", () =>
      withRouter(known, async ({ connect }) => {
        const first = connect();
        knock(first);
        const proof = await prove(extraOf(await first.expect(Wire.CHALLENGE)));
        first.authenticate(proof);
        await first.welcomed();
        const second = connect();
        knock(second);
        await second.expect(Wire.CHALLENGE);
        second.authenticate(proof);
        assert.equal((await second.aborted()).reason, DENIED);
      }));
  }

  it("shares nothing between two routers", () =>
    withRouter(known, (first) =>
      withRouter({ ...known, auth: { [method]: { type: "static", ...otherBlock } } }, async (second) => {
        const [in1, in2] = [first.connect(), second.connect()];
        knock(in1);
        knock(in2);
        in1.authenticate(await prove(extraOf(await in1.expect(Wire.CHALLENGE))));
        in2.authenticate(await prove(extraOf(await in2.expect(Wire.CHALLENGE))));
        await in1.welcomed();
        assert.equal((await in2.aborted()).reason, DENIED);
      }),
    ));

  it("writes no proof into the log", () =>
    withRouter(known, async ({ connect, log }) => {
      const client = connect();
      knock(client);
      const proof = await prove(extraOf(await client.expect(Wire.CHALLENGE)));
      client.authenticate(proof);
      await client.welcomed();
      assert.ok(!log.text().includes(proof));
    }));

  it("lets a strategy accept only where the method declares that it may judge the proof", () => {
    const mayVerify = plugin.methods?.find(({ name }) => name === method)?.strategyMayVerify === true;
    const lenient = {
      plugins: [plugin, answering(() => accepted({ role: "user" }))],
      auth: { [method]: { type: "probe" } },
    };
    return withRouter(lenient, async ({ connect }) => {
      const client = connect();
      knock(client);
      if (mayVerify) {
        await client.expect(Wire.CHALLENGE);
        client.authenticate("anything");
        assert.equal((await client.welcomed())["authrole"], "user");
      } else assert.equal((await client.aborted()).reason, FAILED);
    });
  });
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

function configOf({ plugins, auth }: { plugins: readonly Plugin[]; auth: unknown }): WampgateConfig {
  return { plugins, realms: DEFAULT_REALMS, transports: [{ type: "memory", auth }] } as unknown as WampgateConfig;
}

function extraOf([, , extra]: WireMessage): Record<string, unknown> {
  return extra as Record<string, unknown>;
}

/** Keys and types, without the values: what a stranger could tell two challenges apart by. */
function shapeOf(value: unknown): unknown {
  if (typeof value === "string" && value.startsWith("{")) return shapeOf(JSON.parse(value));
  if (Array.isArray(value)) return value.map((item) => shapeOf(item));
  if (typeof value !== "object" || value === null) return typeof value === "object" ? "string" : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shapeOf(item)]));
}
