import { definePlugin, type Plugin, type PluginApi, type Router } from "@wampgate/core";
import { makeRouter, OFFICIAL } from "./support/router.ts";
import { connectRaw } from "./support/raw-client.ts";

// A router is made, runs, drains and is closed: in this order, each once.

let components = 0;
let component: () => void | Promise<void> = () => undefined;

async function made(plugins: readonly Plugin[] = []): Promise<Router> {
  components = 0;
  component = () => undefined;
  const config = {
    plugins: [...OFFICIAL, ...plugins],
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
    auth: { anonymous: { type: "static", role: "user" } },
    components: [{ module: () => (components++, component()), realm: "realm1", role: "user" }],
  };
  return (await makeRouter(config)).router;
}

const isOpen = async (url: string): Promise<boolean> =>
  connectRaw(url).then(
    (client) => (client.close(), true),
    () => false,
  );

it("a second start() is refused and leaves the running router as it is", async () => {
  const router = await made();
  await router.start();
  const [{ url } = { url: "" }] = router.endpoints;
  await expect(router.start()).rejects.toThrow("the router runs already; it starts once");
  expect(router.endpoints.map((endpoint) => endpoint.url)).toEqual([url]);
  expect(components).toBe(1);
  expect(await isOpen(url)).toBe(true);
  await router.close();
});

it("start() beside another start() is refused, and the first one goes on", async () => {
  const router = await made();
  const first = router.start();
  await expect(router.start()).rejects.toThrow("the router is starting");
  await first;
  expect([router.endpoints.length, components]).toEqual([1, 1]);
  await router.close();
});

it("a closed router does not start, whether it ran or not", async () => {
  for (const ran of [true, false]) {
    const router = await made();
    if (ran) await router.start();
    await router.close();
    await expect(router.start()).rejects.toThrow("make a new one with createRouter()");
    expect(router.endpoints).toEqual([]);
  }
});

it("close() while the router starts lets start() reject, and nothing listens or stays", async () => {
  const router = await made();
  let goOn = (): void => undefined;
  const reached = new Promise<void>((resolve) => {
    component = () => {
      resolve();
      return new Promise<void>((done) => (goOn = done));
    };
  });
  const starting = router.start();
  const refused = expect(starting).rejects.toThrow("the router was told to stop while it started");
  await reached;
  await router.close();
  goOn();
  await refused;
  expect(router.endpoints).toEqual([]);
  expect(router.sessionCount).toEqual({ remote: 0, local: 0 });
});

it("session() of a router that is closed or closing throws, and leaves no session", async () => {
  for (const ran of [true, false]) {
    const router = await made();
    if (ran) await router.start();
    const join = (): unknown => router.session("realm1", { role: "user" });
    const refusal = expect.objectContaining({
      code: "WG_CLOSED",
      message: "the router is closed, and no session joins it; make a new one with createRouter()",
    }) as unknown;
    const closing = router.close();
    expect(join).toThrow(refusal as Error);
    await closing;
    expect(join).toThrow(refusal as Error);
    expect(router.sessionCount).toEqual({ remote: 0, local: 0 });
  }
});

it("a plugin's call of a closed router finds no realm, and leaves no session", async () => {
  let call: PluginApi["call"] = () => Promise.reject(new Error("not applied"));
  const plugin = definePlugin({ name: "caller", core: "^0.2.0", apply: (api) => void (call = api.call) });
  const router = await made([plugin]);
  await router.start();
  await expect(call("realm1", "com.example.missing", [])).resolves.toEqual({ kind: "no-callee" });
  await router.close();
  await expect(call("realm1", "com.example.missing", [])).resolves.toEqual({ kind: "no-realm" });
  expect(router.sessionCount).toEqual({ remote: 0, local: 0 });
});

it("drain() of a router that does not run does nothing, and a second close() tells no plugin again", async () => {
  const router = await made();
  let stopped = 0;
  router.hooks.stopped.tap("count", () => {
    stopped++;
  });
  await router.drain();
  await router.start();
  expect(router.endpoints).toHaveLength(1);
  await Promise.all([router.close(), router.close()]);
  await router.drain();
  await router.close();
  expect(stopped).toBe(1);
});
