import assert from "node:assert/strict";
import { Code, createRouter, type Plugin, type Router, type WampgateConfig } from "@wampgate/core";
import { CapturedLog } from "./captured-log.ts";
import { FakeClient, type FrameLink } from "./fake-client.ts";
import { OPEN_REALM } from "./open-realm.ts";
import { OPEN, openMethod } from "./probes.ts";
import type { Runner } from "./runner.ts";

/** A transport, and what the suite must know to reach it. */
export interface TransportSpec {
  /** The plugin that has it. Core's own transports need none. */
  readonly plugin?: Plugin;
  /** An entry of the config, less its `auth`: `{ type: "some-network", port: 0 }`. Several routers use it at once. */
  readonly entry: { readonly type: string; readonly [key: string]: unknown };
  /**
   * Connects a client that speaks JSON. Rejects if the router refuses the connection.
   * @param url the entry's, as the transport gave it
   */
  readonly connect: (url: string, router: Router) => FrameLink | Promise<FrameLink>;
  /** How long a message, or the end of a connection, may take before a test fails, in milliseconds. Default: 4000. */
  readonly patience?: number;
}

interface Reached {
  readonly router: Router;
  /** Connects a client. */
  readonly reach: () => Promise<FakeClient>;
  /** Connects a client that joins. */
  readonly join: () => Promise<FakeClient>;
}

const REALMS = [OPEN_REALM];

/** Larger than one read of a socket, so that it comes in pieces. */
const LARGE = 300_000;

/** Says in tests of `runner` what every transport must do, and that this one does. */
export function describeTransport(
  { describe, it }: Runner,
  { plugin, entry, connect, patience = 4000 }: TransportSpec,
): void {
  /** Runs `test` with a router that has one entry of the transport, with `keys` besides the spec's. */
  const use = async (keys: object, test: (reached: Reached) => Promise<void>): Promise<void> => {
    const plugins = [openMethod, ...(plugin === undefined ? [] : [plugin])];
    const config = { plugins, realms: REALMS, transports: [{ ...entry, ...keys, auth: OPEN }] };
    const router = await createRouter(config as unknown as WampgateConfig, { log: new CapturedLog() });
    const clients: FakeClient[] = [];
    const reach = async (): Promise<FakeClient> => {
      const client = new FakeClient(await connect(router.endpoints[0]?.url ?? "", router), patience);
      clients.push(client);
      return client;
    };
    const join = async (): Promise<FakeClient> => {
      const client = await reach();
      hello(client);
      await client.welcomed();
      return client;
    };
    try {
      await router.start();
      await test({ router, reach, join });
    } finally {
      // The clients hang up first, since none of them answers GOODBYE by itself.
      for (const client of clients) client.close();
      await router.close();
    }
  };

  const closed = async (client: FakeClient): Promise<void> => {
    const late = new Promise<never>((_resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the connection was not closed within ${patience} ms`)),
        patience,
      );
      client.closed.then(() => clearTimeout(timer), reject);
    });
    await Promise.race([client.closed, late]);
  };

  /** That a client is told no, or nothing, and its connection is closed. */
  const refused = async (client: FakeClient): Promise<void> => {
    const answer = await client.next().catch(() => null);
    assert.ok(answer === null || answer[0] === Code.ABORT, "expected ABORT or the end of the connection");
    await closed(client);
  };

  /** Connects a client, which must not get in: its connection is refused, or closed. */
  const isRefused = async (reach: Reached["reach"]): Promise<void> => {
    const client = await reach().catch(() => null);
    if (client === null) return;
    hello(client);
    await refused(client);
  };

  describe(`the transport ${entry.type}`, () => {
    it("carries a login, and tells the router what it is", () =>
      use({}, async ({ join, router }) => {
        const client = await join();
        client.send(Code.CALL, 1, {}, "wamp.session.list");
        const [, , , [sessions]] = (await client.expect(Code.RESULT)) as [number, number, object, [number[]]];
        client.send(Code.CALL, 2, {}, "wamp.session.get", sessions);
        const [, , , [info]] = (await client.expect(Code.RESULT)) as [
          number,
          number,
          object,
          [Record<string, unknown>],
        ];
        assert.equal(typeof info["transport"], "object");
        assert.equal(router.sessionCount.remote, 1);
        assert.match(router.endpoints[0]?.url ?? "", /./);
      }));

    it("carries a call and an event, small ones and large ones, in order", () =>
      use({}, async ({ join }) => {
        const [caller, callee] = [await join(), await join()];
        callee.send(Code.REGISTER, 1, {}, "com.example.echo");
        await callee.expect(Code.REGISTERED);
        for (const text of ["", "é\u{1f511}", "x".repeat(LARGE)]) {
          caller.send(Code.CALL, text.length + 1, {}, "com.example.echo", [text]);
          const [, invocation, , , args] = await callee.expect(Code.INVOCATION);
          callee.send(Code.YIELD, invocation, {}, args);
          const [, , , result] = await caller.expect(Code.RESULT);
          assert.deepEqual(result, [text]);
        }
        callee.send(Code.SUBSCRIBE, 2, {}, "com.example.topic");
        await callee.expect(Code.SUBSCRIBED);
        for (let i = 1; i <= 100; i++) caller.send(Code.PUBLISH, i, {}, "com.example.topic", [i]);
        for (let i = 1; i <= 100; i++) assert.deepEqual((await callee.expect(Code.EVENT))[4], [i]);
      }));

    it("closes the connection after the client's GOODBYE is answered", () =>
      use({}, async ({ join }) => {
        const client = await join();
        client.send(Code.GOODBYE, {}, "wamp.close.normal");
        await client.expect(Code.GOODBYE);
        await closed(client);
      }));

    it("closes the connection after the client has answered the router's GOODBYE", () =>
      use({}, async ({ join }) => {
        const [killer, client] = [await join(), await join()];
        killer.send(Code.CALL, 1, {}, "wamp.session.kill_by_authid", ["joe"]);
        assert.equal((await client.expect(Code.GOODBYE))[2], "wamp.close.killed");
        client.send(Code.GOODBYE, {}, "wamp.close.goodbye_and_out");
        await closed(client);
      }));

    it("tells the router when a client is gone without a word", () =>
      use({}, async ({ join, router }) => {
        const [watcher, client] = [await join(), await join()];
        watcher.send(Code.SUBSCRIBE, 1, {}, "wamp.session.on_leave");
        await watcher.expect(Code.SUBSCRIBED);
        client.close();
        await watcher.expect(Code.EVENT);
        assert.equal(router.sessionCount.remote, 1);
      }));

    it("sends ABORT to a client that breaks the protocol, closes its connection, and leaves the others open", () =>
      use({}, async ({ join }) => {
        const [breaker, other] = [await join(), await join()];
        breaker.sendFrame("[");
        const [, , reason] = await breaker.expect(Code.ABORT);
        assert.equal(reason, "wamp.error.protocol_violation");
        await closed(breaker);
        other.send(Code.CALL, 1, {}, "wamp.session.count");
        assert.deepEqual((await other.expect(Code.RESULT))[3], [1]);
      }));

    it("takes no more than max-hello-size before WELCOME", () =>
      use({ "max-hello-size": 1024 }, async ({ reach, join }) => {
        const greedy = await reach();
        greedy.hello({ authmethods: Object.keys(OPEN), authextra: { much: "x".repeat(LARGE) } });
        await refused(greedy);
        const modest = await join();
        modest.send(Code.CALL, 1, {}, "wamp.session.count", ["x".repeat(2000)]);
        await modest.next();
      }));

    it("closes the connection of a client that does not log in within auth-timeout", () =>
      use({ "auth-timeout": 50 }, async ({ reach }) => {
        await (
          await reach()
        ).closed;
      }));

    it("refuses more connections than max-connections, and takes new ones when others have left", () =>
      use({ "max-connections": 1 }, async ({ reach, join }) => {
        const first = await join();
        await isRefused(reach);
        first.send(Code.GOODBYE, {}, "wamp.close.normal");
        await first.expect(Code.GOODBYE);
        await closed(first);
        await join();
      }));

    it("keeps sessions while the router drains, and takes no new ones", () =>
      use({}, async ({ reach, join, router }) => {
        const client = await join();
        await router.drain();
        await isRefused(reach);
        client.send(Code.PUBLISH, 1, { acknowledge: true }, "com.example.topic");
        assert.equal((await client.expect(Code.PUBLISHED))[1], 1);
      }));

    it("ends sessions with GOODBYE when the router closes, and connections without one too", () =>
      use({}, async ({ reach, join, router }) => {
        const [client, silent] = [await join(), await reach()];
        const stopped = router.close();
        assert.equal((await client.expect(Code.GOODBYE))[2], "wamp.close.system_shutdown");
        client.send(Code.GOODBYE, {}, "wamp.close.goodbye_and_out");
        await Promise.all([closed(client), closed(silent), stopped]);
        assert.equal(router.sessionCount.remote, 0);
      }));
  });
}

function hello(client: FakeClient): void {
  client.hello({ authmethods: Object.keys(OPEN) });
}
