import assert from "node:assert/strict";
import { Code, ConfigError, createRouter, type Plugin, type WampgateConfig } from "@wampgate/core";
import type { FakeClient } from "./fake-client.ts";
import { probeMethods } from "./probes.ts";
import { type Runner, withRouter } from "./runner.ts";
import { DEFAULT_REALMS, type TestRouter } from "./test-router.ts";

/** A strategy, and what the suite must know to ask it. */
export interface StrategySpec {
  readonly plugin: Plugin;
  /** The plugin's options. */
  readonly options?: unknown;
  /** The `type` of its blocks. */
  readonly type: string;
  /** A block that knows `authid` with `ticket`, and gives it the role `user`. */
  readonly block: Readonly<Record<string, unknown>>;
  readonly authid: string;
  /** What it is proved by, as the method ticket would hand it over. */
  readonly ticket: string;
  /** The proof alone says who the client is, as a token does: HELLO's authid is ignored. Default false. */
  readonly ignoresAuthid?: boolean;
  /** Brings up what the strategy asks, in a router that runs: a database, an authenticator. */
  readonly setUp?: (router: TestRouter) => Promise<void>;
  /** Default: `realm1` with the role `user`. */
  readonly realms?: unknown;
  /** Blocks that are wrong, and the path within the block that the error names. */
  readonly badBlocks: readonly { readonly block: Readonly<Record<string, unknown>>; readonly path: string }[];
}

const METHOD = "probe-authenticate";

/** Says in tests of `runner` what every strategy must do, and that this one does. */
export function describeStrategy({ describe, it }: Runner, spec: StrategySpec): void {
  const { type, block, authid, ticket, setUp = () => Promise.resolve(), realms = DEFAULT_REALMS } = spec;
  const plugins = [probeMethods, spec.options === undefined ? spec.plugin : ([spec.plugin, spec.options] as const)];
  const options = {
    plugins,
    realms,
    auth: { [METHOD]: { type, ...block }, "probe-hello": { type, ...block } },
  };
  const use = (test: (router: TestRouter) => Promise<void>): Promise<void> =>
    withRouter(options, async (router) => {
      await setUp(router);
      await test(router);
    });
  const ask = async (client: FakeClient, as: string | null, proof: string): Promise<void> => {
    client.hello({ authid: as, authmethods: [METHOD] });
    await client.expect(Code.CHALLENGE);
    client.authenticate(proof);
  };

  describe(`the strategy ${type}`, () => {
    it("knows a principal, and assigns its role", () =>
      use(async ({ connect }) => {
        const client = connect();
        await ask(client, authid, ticket);
        const welcome = await client.welcomed();
        assert.equal(welcome["authrole"], "user");
        assert.equal(welcome["authprovider"], type);
      }));

    it("refuses a wrong proof with ABORT, and closes", () =>
      use(async ({ connect }) => {
        const client = connect();
        await ask(client, authid, `not ${ticket}`);
        assert.match((await client.aborted()).reason, /./);
      }));

    const strangers = [`not-${authid}`, "__proto__", "constructor", null];
    if (spec.ignoresAuthid === true)
      for (const stranger of strangers)
        it(`assigns the authid of the proof where HELLO has ${String(stranger)}`, () =>
          use(async ({ connect }) => {
            const client = connect();
            await ask(client, stranger, ticket);
            assert.equal((await client.welcomed())["authid"], authid);
          }));
    else
      for (const stranger of strangers) {
        it(`refuses the authid ${String(stranger)} with ABORT, and closes`, () =>
          use(async ({ connect }) => {
            const client = connect();
            await ask(client, stranger, ticket);
            assert.match((await client.aborted()).reason, /./);
          }));
      }

    it("never accepts at HELLO, where there is no proof yet", () =>
      use(async ({ connect, log }) => {
        const client = connect();
        client.hello({ authid, authmethods: ["probe-hello"], authextra: { ticket } });
        await client.next();
        assert.doesNotMatch(log.text(), /accepted a login/);
      }));

    it("leaves nothing behind when a client leaves in the middle", () =>
      use(async ({ connect, router }) => {
        const before = router.sessionCount.remote;
        const leaving = connect();
        await ask(leaving, authid, ticket);
        leaving.close();
        const staying = connect();
        await ask(staying, authid, ticket);
        await staying.welcomed();
        staying.send(Code.GOODBYE, {}, "wamp.close.goodbye_and_out");
        await staying.expect(Code.GOODBYE);
        await staying.closed;
        assert.equal(router.sessionCount.remote, before);
      }));

    it("shares nothing between two routers", () =>
      use((first) =>
        use(async (second) => {
          for (const { connect } of [first, second]) {
            const client = connect();
            await ask(client, authid, ticket);
            await client.welcomed();
          }
        }),
      ));

    it("writes no proof into the log", () =>
      use(async ({ connect, log }) => {
        const client = connect();
        await ask(client, authid, ticket);
        await client.welcomed();
        assert.ok(!log.text().includes(ticket));
      }));

    for (const { block: bad, path } of spec.badBlocks) {
      it(`has a block refused at start where ${path} is wrong, with that path`, async () => {
        const transports = [{ type: "memory", auth: { [METHOD]: { type, ...bad } } }];
        await assert.rejects(
          createRouter({ plugins, realms, transports } as unknown as WampgateConfig),
          (error) => error instanceof ConfigError && error.message.includes(path),
        );
      });
    }
  });
}
