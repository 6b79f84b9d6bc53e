import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Component, type LocalSession, Result, WampError } from "@wampgate/core";
import { type CapturedLog, startTestRouter } from "@wampgate/plugin-testkit";
import { folderOf } from "../jest/folder.ts";
import { OFFICIAL, startRouter } from "./support/router.ts";

const realms = [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }];
const auth = { anonymous: { type: "static", role: "user" } };
const component = (module: unknown, more: object = {}): object => ({ module, realm: "realm1", role: "user", ...more });
const start = (...components: object[]) => startTestRouter({ plugins: OFFICIAL, realms, auth, components });

describe("components", () => {
  it("start in order, each when the one before it is ready, and before anything listens", async () => {
    const order: string[] = [];
    const slow: Component = async () => {
      await new Promise(setImmediate);
      order.push("slow");
    };
    const quick: Component = () => void order.push("quick");
    const router = await start(component(slow), component(quick));
    expect(order).toEqual(["slow", "quick"]);
    await router.close();
  });

  it("get their config, their role and their authid", async () => {
    let seen: unknown;
    const module: Component = (session, config) => {
      seen = [config, session.info.authrole, session.info.authid, session.realm];
    };
    const router = await start(component(module, { config: { a: 1 }, authid: "helper" }));
    expect(seen).toEqual([{ a: 1 }, "user", "helper", "realm1"]);
    await router.close();
  });

  it("send and get progressive results, and are told of a cancelled call", async () => {
    let cancelled = (): void => undefined;
    const told = new Promise<void>((resolve) => (cancelled = resolve));
    const module: Component = async (session) => {
      await session.register("com.count", ([to], _kwargs, { progress }) => {
        for (let n = 1; n < (to as number); n++) (progress as (args: unknown[]) => void)([n]);
        return to;
      });
      await session.register("com.never", (_args, _kwargs, { signal }) => {
        (signal as AbortSignal).addEventListener("abort", cancelled);
        return new Promise(() => undefined);
      });
    };
    const router = await start(component(module));
    const caller = router.router.session("realm1", { role: "user" });
    const progress: unknown[] = [];
    expect(await caller.call("com.count", [3], {}, {}, (value) => progress.push(value))).toBe(3);
    expect(progress).toEqual([1, 2]);
    await expect(caller.call("com.never", [], {}, { timeout: 10 })).rejects.toMatchObject({
      uri: "wamp.error.timeout",
    });
    await told;
    await router.close();
  });

  it("lose a registration and a subscription that are revoked", async () => {
    const router = await start();
    const one = router.router.session("realm1", { role: "user" });
    const two = router.router.session("realm1", { role: "user" });
    await one.register("com.proc", () => "one");
    await two.register("com.proc", () => "two", { force_reregister: true });
    expect(await one.call("com.proc")).toBe("two");
    await router.close();
  });

  it.each([
    ["throws", () => Promise.reject(new Error("no database")), /component .* did not start: no database/],
    ["hangs", () => new Promise<void>(() => undefined), /component .* did not start: no answer within 30 ms/],
  ])("that %s stops the start, named, and leaves nothing running", async (_how, module, message) => {
    await expect(start(component(module, { timeout: 30 }))).rejects.toThrow(message);
  });

  it("are found from the config file's folder first, then from the working directory; ES modules and CommonJS", async () => {
    const folder = await folderOf({
      "a.mjs": "export default (session) => session.register('a.from.folder', () => 1);",
      "b.cjs": "module.exports = (session) => session.register('b.cjs', () => 2);",
    });
    const config = {
      realms,
      components: [component("./a.mjs"), component("./b.cjs")],
      transports: [{ type: "memory", auth }],
    };
    const { router } = await startRouter(config, { file: join(folder, "wampgate.config.json"), cwd: tmpdir() });
    const session = router.session("realm1", { role: "user" });
    await expect(session.call("a.from.folder")).resolves.toBe(1);
    await expect(session.call("b.cjs")).resolves.toBe(2);
    await router.close();
  });

  it("that name a module, realm or role that is not there are config errors, with did you mean", async () => {
    await expect(start(component("./absent.mjs"))).rejects.toThrow(/components\[0\]\.module/);
    await expect(start(component(() => undefined, { realm: "relm1" }))).rejects.toThrow(
      /components\[0\]\.realm.*realm1/,
    );
    await expect(start(component(() => undefined, { role: "usr" }))).rejects.toThrow(/components\[0\]\.role.*user/);
  });
});

describe("a session in the router's process", () => {
  const withSessions = async (
    use: (one: LocalSession, other: LocalSession, log: CapturedLog) => Promise<void>,
  ): Promise<void> => {
    const { router, close, log } = await start();
    await use(router.session("realm1", { role: "user" }), router.session("realm1", { role: "user" }), log);
    await close();
  };

  it("calls and answers with autobahn's signatures", () =>
    withSessions(async (one, other) => {
      await one.register("sum", (args, kwargs, details) => [args, kwargs, details["procedure"]]);
      await expect(other.call("sum", [1, 2], { a: 3 })).resolves.toEqual([[1, 2], { a: 3 }, "sum"]);
      await one.register("several", () => new Result([1, 2], { a: 3 }));
      await expect(other.call("several")).resolves.toEqual(new Result([1, 2], { a: 3 }));
      await one.register("nothing", () => undefined);
      await expect(other.call("nothing")).resolves.toBeNull();
    }));

  const thrown: [string, Error, object][] = [
    ["a WampError", new WampError("com.example.no", "sorry"), { error: "com.example.no", args: ["sorry"] }],
    [
      "an autobahn.Error by its shape",
      { error: "com.example.no", args: [1], kwargs: { a: 2 } } as unknown as Error,
      { error: "com.example.no", args: [1], kwargs: { a: 2 } },
    ],
    ["a string", "sorry" as unknown as Error, { error: "wamp.error.runtime_error", args: ["sorry"] }],
    ["a crash", new Error("secret detail"), { error: "wamp.error.runtime_error", args: [] }],
  ];
  it.each(thrown)("answers with ERROR where its procedure throws %s", (_what, error, expected) =>
    withSessions(async (one, other) => {
      await one.register("fails", () => Promise.reject(error));
      await expect(other.call("fails")).rejects.toMatchObject(expected);
    }),
  );

  it("cannot change by what it keeps what another one got", () =>
    withSessions(async (one, other) => {
      const kept: { list: number[] }[] = [];
      await one.register("keep", ([value]) => {
        kept.push(value as { list: number[] });
        return value;
      });
      const sent = { list: [1] };
      const got = await other.call<{ list: number[] }>("keep", [sent]);
      sent.list.push(2);
      got.list.push(3);
      expect(kept[0]).toEqual({ list: [1] });
    }));

  it("refuses to send what no message can carry", () =>
    withSessions(async (one) => {
      await expect(one.call("x", [() => 1])).rejects.toMatchObject({ uri: "wamp.error.invalid_argument" });
      await one.register("bad", () => () => 1);
      await expect(one.call("bad")).rejects.toMatchObject({ uri: "wamp.error.invalid_argument" });
    }));

  it("gets events, not its own unless it asks, and none after unsubscribe", () =>
    withSessions(async (one, other, log) => {
      const seen: unknown[] = [];
      const subscription = await one.subscribe("topic", ([value]) => void seen.push(value));
      await one.subscribe("topic", () => Promise.reject(new Error("handler failed")));
      await one.publish("topic", ["own"], {}, { acknowledge: true });
      await one.publish("topic", ["own, asked for"], {}, { acknowledge: true, exclude_me: false });
      await other.publish("topic", ["other"], {}, { acknowledge: true });
      await subscription.unsubscribe();
      await other.publish("topic", ["late"], {}, { acknowledge: true });
      expect(seen).toEqual(["own, asked for", "other"]);
      expect(log.text()).toContain("an event handler failed");
    }));

  it("takes with it what it had when it leaves: who waits for it gets canceled", () =>
    withSessions(async (one, other) => {
      await one.register("never", () => new Promise(() => undefined));
      const waiting = other.call("never");
      one.leave();
      await expect(waiting).rejects.toMatchObject({ uri: "wamp.error.canceled" });
      await expect(other.call("never")).rejects.toMatchObject({ uri: "wamp.error.no_such_procedure" });
      await expect(one.call("never")).rejects.toMatchObject({ uri: "wamp.error.canceled" });
      await other.register("never", () => 1);
      await expect(other.call("never")).resolves.toBe(1);
    }));

  it("needs a realm and a role that are there", async () => {
    const { router, close } = await start();
    expect(() => router.session("nope", { role: "user" })).toThrow('no realm "nope"');
    expect(() => router.session("realm1", { role: "trusted" })).toThrow('no role "trusted"');
    await close();
  });
});
