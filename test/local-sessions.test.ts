import { spawnSync } from "node:child_process";
import { createRouter, type LocalSession, type Router } from "@wampgate/core";
import { folderWith } from "./support/cli.ts";
import { makeRouter, OFFICIAL } from "./support/router.ts";

const realms = [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }];
const auth = { anonymous: { type: "static", role: "user" } } as const;
const transports = [{ type: "memory", auth }] as const;
const enough = new Error("enough");

let router: Router;
let session: LocalSession;
beforeEach(async () => {
  ({ router } = await makeRouter({ realms, transports }));
  await router.start();
  session = router.session("realm1", { role: "user" });
});
afterEach(() => router.close());

/** What a handler gives back, once it has been called. */
function calledOnce<T>(): { readonly gets: (value: T) => void; readonly called: Promise<T> } {
  let gets: (value: T) => void = () => undefined;
  const called = new Promise<T>((resolve) => (gets = resolve));
  return { gets, called };
}

it("a call that its signal ends rejects with the signal's reason, and its callee is told", async () => {
  const { gets, called } = calledOnce<AbortSignal>();
  await session.register("com.slow", (_args, _kwargs, { signal }) => {
    if (signal !== undefined) gets(signal);
    return new Promise(() => undefined);
  });
  const control = new AbortController();
  const call = session.call("com.slow", [], {}, { signal: control.signal });
  const told = await called;
  control.abort(enough);
  await expect(call).rejects.toBe(enough);
  await new Promise<void>((resolve) => (told.aborted ? resolve() : told.addEventListener("abort", () => resolve())));
});

it("a call gives what its type says, and progress comes before", async () => {
  await session.register("com.count", ([to], _kwargs, { progress }) => {
    for (let n = 1; n < (to as number); n++) progress?.([n]);
    return to;
  });
  const progress: unknown[] = [];
  const sum = await session.call<number>("com.count", [3], {}, {}, (value) => progress.push(value));
  expect([progress, sum + 1]).toEqual([[1, 2], 4]);
});

it("a signal ends subscriptions and registrations, which leaves nothing of them in the realm", async () => {
  const control = new AbortController();
  const { signal } = control;
  const got: unknown[] = [];
  const acknowledged = { acknowledge: true, exclude_me: false };
  await session.subscribe("com.topic", ([value]) => void got.push(value), { signal });
  await session.register("com.procedure", () => "answer", { signal });
  await session.publish("com.topic", ["before"], {}, acknowledged);
  expect(await session.call("com.procedure")).toBe("answer");
  control.abort();
  await session.publish("com.topic", ["after"], {}, acknowledged);
  await expect(session.call("com.procedure")).rejects.toMatchObject({ uri: "wamp.error.no_such_procedure" });
  expect(got).toEqual(["before"]);
  expect(await session.call("wamp.subscription.lookup", ["com.topic"])).toBeNull();
});

it("await using ends a session, its subscriptions and a router with their block", async () => {
  let left: LocalSession;
  let closed: Router;
  {
    await using own = await createRouter({ plugins: OFFICIAL, realms, transports }, { log: false });
    await own.start();
    await using joined = own.session("realm1", { role: "user" });
    {
      await using subscription = await joined.subscribe("com.topic", () => undefined);
      expect(await joined.call("wamp.subscription.lookup", ["com.topic"])).toBe(subscription.id);
    }
    expect(await joined.call("wamp.subscription.lookup", ["com.topic"])).toBeNull();
    [left, closed] = [joined, own];
  }
  expect(left.isOpen).toBe(false);
  expect(closed.sessionCount).toEqual({ remote: 0, local: 0 });
  await expect(closed.start()).rejects.toThrow("the router is closed");
});

it.each([
  ["a router with log: false writes nothing, whatever its config and its plugins say", "nothing", "{ log: false }"],
  ["a router without that option does", "lines", "{}"],
])("%s", async (_what, written, options) => {
  const program = `
    import { createRouter, definePlugin } from "@wampgate/core";
    const apply = ({ log }) => log.child({ a: 1 }).error({}, "hello");
    const plugins = ["@wampgate/auth-anonymous", definePlugin({ name: "talker", core: "*", apply })];
    const config = { plugins, realms: ${JSON.stringify(realms)}, transports: ${JSON.stringify(transports)}, log: { level: "debug" } };
    const router = await createRouter(config, ${options});
    await router.start();
    router.log.warn({}, "hello");
    await router.close();
  `;
  const cwd = await folderWith({ "package.json": JSON.stringify({ type: "module" }), "program.js": program });
  const env = { ...process.env, NODE_OPTIONS: "" };
  const { stdout, stderr, status } = spawnSync(process.execPath, ["program.js"], { cwd, env, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout === "" ? "nothing" : "lines").toBe(written);
});
