import {
  accepted,
  BlockError,
  Code,
  ConfigError,
  definePlugin,
  defineStrategy,
  type Plugin,
  denied,
  type Router,
  type StrategyAnswer,
  unknown,
  type WampgateConfig,
  z,
} from "@wampgate/core";
import { FakeClient } from "@wampgate/plugin-testkit";
import { makeRouter, OFFICIAL } from "./support/router.ts";

// A strategy may have something open for each of its blocks: what that begins and ends with.

interface Opened {
  readonly door: string;
  answers: () => Promise<void>;
}

/** A strategy whose blocks are doors, and what has happened to them. */
function doors() {
  const happened: string[] = [];
  let answers = (): Promise<void> => Promise.resolve();
  const strategy = defineStrategy<{ door: string; stuck?: boolean | undefined }, Opened>({
    type: "door",
    block: z.strictObject({ door: z.string(), stuck: z.boolean().optional() }),
    check({ door }, { warn }) {
      if (door === "none") throw new BlockError(["door"], "there is no such door");
      if (door === "old") warn(["door"], "this door creaks");
    },
    open({ door, stuck = false }, _api, { at }) {
      if (stuck) throw new BlockError(["stuck"], `the door at ${at} is stuck`);
      happened.push(`opened ${door}`);
      const value = { door, answers: () => answers() };
      return { value, close: () => void happened.push(`closed ${door}`) };
    },
    async resolve({ authid }, open) {
      await open.answers();
      happened.push(`${authid} came by ${open.door}`);
      return accepted({ role: "user" });
    },
  });
  const plugin = definePlugin({ name: "doors", core: "*", strategies: [strategy] });
  /** Lets questions wait for `until`. @returns when the first one waits */
  const wait = (until: Promise<void>): Promise<void> =>
    new Promise((asked) => {
      answers = () => {
        asked();
        return until;
      };
    });
  return { plugin, happened, wait };
}

function configOf(plugin: Plugin, ...blocks: object[]): WampgateConfig {
  return {
    plugins: [...OFFICIAL, plugin],
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
    transports: [{ type: "memory", auth: { ticket: blocks.map((block) => ({ type: "door", ...block })) } }],
  } as unknown as WampgateConfig;
}

async function make(plugin: Plugin, ...blocks: object[]): Promise<Router> {
  const { router } = await makeRouter(configOf(plugin, ...blocks) as unknown as Record<string, unknown>);
  return router;
}

/** A client that was challenged, and has not answered. */
async function challenged(router: Router, authid: string): Promise<FakeClient> {
  const client = new FakeClient(router.connect());
  client.hello({ realm: "realm1", authid, authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  return client;
}

async function login(router: Router, authid: string): Promise<void> {
  const client = await challenged(router, authid);
  client.authenticate("x");
  await client.welcomed();
  client.close();
}

it("a block is opened at the start, asked by logins, and closed with the router; wampgate check opens none", async () => {
  const { plugin, happened } = doors();
  const router = await make(plugin, { door: "front" });
  await router.check();
  expect(happened).toEqual([]);
  await router.start();
  expect(happened).toEqual(["opened front"]);
  await login(router, "joe");
  await router.close();
  expect(happened).toEqual(["opened front", "joe came by front", "closed front"]);
});

it("a reload opens the new block before it closes the old one", async () => {
  const { plugin, happened } = doors();
  const router = await make(plugin, { door: "front" });
  await router.start();
  await router.reload(configOf(plugin, { door: "back" }));
  expect(happened).toEqual(["opened front", "opened back", "closed front"]);
  await login(router, "joe");
  await router.close();
  expect(happened.slice(3)).toEqual(["joe came by back", "closed back"]);
});

it("a block that does not open stops the start with the place of the key, and what was open is closed", async () => {
  const { plugin, happened } = doors();
  const router = await make(plugin, { door: "front" }, { door: "back", stuck: true });
  const error: unknown = await router.start().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).issues).toMatchObject([
    {
      path: ["transports", 0, "auth", "ticket", 1, "stuck"],
      message: "the door at transports[0].auth.ticket[1] is stuck",
    },
  ]);
  expect(happened).toEqual(["opened front", "closed front"]);
});

it("a reload with a block that does not open changes nothing", async () => {
  const { plugin, happened } = doors();
  const router = await make(plugin, { door: "front" });
  await router.start();
  const changed = configOf(plugin, { door: "side" }, { door: "back", stuck: true });
  await expect(router.reload(changed)).rejects.toThrow("transports[0].auth.ticket[1].stuck: the door");
  expect(happened).toEqual(["opened front", "opened side", "closed side"]);
  await login(router, "joe");
  await router.close();
  expect(happened.slice(3)).toEqual(["joe came by front", "closed front"]);
});

it("what a block names is checked with the config: problems with the place of the key, and warnings", async () => {
  const { plugin } = doors();
  await expect(make(plugin, { door: "none" })).rejects.toThrow(
    "transports[0].auth.ticket[0].door: there is no such door",
  );
  const router = await make(plugin, { door: "old" });
  expect(router.warnings).toMatchObject([{ message: "this door creaks" }]);
  await router.close();
});

it("a block that answers a login is closed after its answer, and the reload does not wait for it", async () => {
  const { plugin, happened, wait } = doors();
  const router = await make(plugin, { door: "front" });
  await router.start();
  let answer = (): void => undefined;
  const asked = wait(new Promise((resolve) => (answer = resolve)));
  const client = await challenged(router, "joe");
  client.authenticate("x");
  await asked;
  await router.reload(configOf(plugin, { door: "back" }));
  expect(happened).toEqual(["opened front", "opened back"]);
  answer();
  await client.welcomed();
  client.close();
  await router.close();
  expect(happened.slice(2)).toEqual(["joe came by front", "closed front", "closed back"]);
});

it("a login that began before a reload asks the blocks of the new config", async () => {
  const { plugin, happened } = doors();
  const router = await make(plugin, { door: "front" });
  await router.start();
  const client = await challenged(router, "joe");
  await router.reload(configOf(plugin, { door: "back" }));
  client.authenticate("x");
  await client.welcomed();
  client.close();
  await router.close();
  expect(happened).toContain("joe came by back");
});

it("a block whose end fails is told in the log, and the others are closed", async () => {
  const happened: string[] = [];
  const strategy = defineStrategy<object, null>({
    type: "door",
    block: z.looseObject({}),
    open: (_block, _api, { at }) => ({
      value: null,
      close() {
        happened.push(at);
        if (at.endsWith("[0]")) throw new Error("it does not shut");
      },
    }),
    resolve: () => accepted({ role: "user" }),
  });
  const plugin = definePlugin({ name: "doors", core: "*", strategies: [strategy] });
  const { router, log } = await makeRouter(configOf(plugin, {}, {}) as unknown as Record<string, unknown>);
  await router.start();
  await router.close();
  expect(happened).toEqual(["transports[0].auth.ticket[0]", "transports[0].auth.ticket[1]"]);
  expect(log.text()).toContain("it does not shut");
});

it("an open() that gives nothing usable is a problem of the config that names the strategy's block", async () => {
  const strategy = defineStrategy<object, null>({
    type: "door",
    block: z.looseObject({}),
    open: (() => "a door") as never,
    resolve: () => accepted({ role: "user" }),
  });
  const router = await make(definePlugin({ name: "doors", core: "*", strategies: [strategy] }), {});
  await expect(router.start()).rejects.toThrow("open() gave a string, expected { value, close }");
});

it("the hook strategyAnswered tells how each block answered, and why it denied; static blocks are not told", async () => {
  const told: StrategyAnswer[] = [];
  let mayFail = (): void => undefined;
  const strategy = defineStrategy<object>({
    type: "door",
    block: z.looseObject({}),
    async resolve({ authid, signal }) {
      if (authid === "joe") return accepted({ role: "user" });
      if (authid === "late") {
        mayFail();
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      }
      if (authid === "odd") throw new Error("odd");
      if (authid === "bad")
        return denied(undefined, undefined, { code: "bad-token", params: { problem: "it is bad" } });
      return authid === "no" ? denied("com.example.no") : unknown();
    },
  });
  const plugin = definePlugin({
    name: "doors",
    core: "*",
    strategies: [strategy],
    apply: ({ hooks }) => hooks.strategyAnswered.tap("doors", (answer) => void told.push(answer)),
  });
  const config = configOf(plugin, {}, { type: "static", principals: { ann: { ticket: "x", role: "user" } } });
  const { router } = await makeRouter(config as unknown as Record<string, unknown>);
  await router.start();
  for (const authid of ["joe", "ann"]) await login(router, authid);
  for (const authid of ["no", "bad", "odd"]) {
    const client = await challenged(router, authid);
    client.authenticate("x");
    await client.aborted();
  }
  const leaving = await challenged(router, "late");
  const asked = new Promise<void>((resolve) => (mayFail = resolve));
  leaving.authenticate("x");
  await asked;
  leaving.close();
  await router.close();
  expect(told.map(({ kind, cause }) => [kind, cause])).toEqual([
    ["accepted", null],
    ["unknown", null],
    ["denied", null],
    ["denied", "bad-token"],
    ["failed", null],
    ["cancelled", null],
  ]);
  const [first] = told;
  expect(first).toMatchObject({
    strategy: "door",
    authmethod: "ticket",
    config: { path: "transports[0].auth.ticket[0]" },
  });
  expect(first?.ms).toBeGreaterThanOrEqual(0);
});

it("wampgate check asks the servers of blocks only with --ask, and what fails is a problem at its key", async () => {
  let isDown = false;
  let count = 0;
  const strategy = defineStrategy<{ door: string }, null>({
    type: "door",
    block: z.strictObject({ door: z.string() }),
    probe({ door }, { warn, signal }) {
      count++;
      if (signal.aborted || door === "odd") throw new Error("out of order");
      if (door === "none") return undefined;
      if (isDown) throw new BlockError(["door"], `${door} is shut`);
      warn(["door"], `${door} creaks`);
      return `${door} is open`;
    },
    open: () => ({ value: null }),
    resolve: () => accepted({ role: "user" }),
  });
  const router = await make(
    definePlugin({ name: "doors", core: "*", strategies: [strategy] }),
    { door: "front" },
    { door: "odd" },
    { door: "none" },
  );
  const at = (i: number, ...rest: string[]) => ["transports", 0, "auth", "ticket", i, ...rest];
  const odd = { path: at(1), message: "out of order" };
  expect(await router.check()).toEqual({ problems: [], warnings: [], answered: [] });
  expect(count).toBe(0);
  expect(await router.check({ ask: true })).toEqual({
    problems: [odd],
    warnings: [{ path: at(0, "door"), message: "front creaks" }],
    answered: [{ path: at(0), message: "front is open" }],
  });
  isDown = true;
  expect(await router.check({ ask: true })).toEqual({
    problems: [{ path: at(0, "door"), message: "front is shut" }, odd],
    warnings: [],
    answered: [],
  });
  await router.close();
});
