import { MemoryCarriers } from "@wampgate/cluster";
import { OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";

const running: RunningRouter[] = [];
afterEach(() => Promise.all(running.splice(0).map((router) => router.close())));

async function start(network: MemoryCarriers, node: string, settings: object): Promise<RunningRouter> {
  const router = await startRouter({
    plugins: [...OFFICIAL, network.plugin],
    realms: [{ name: "realm1", roles: [{ name: "user" }] }],
    auth: { anonymous: { type: "static", role: "user" } },
    cluster: { ...(network.entry(node) as object), ...settings },
  });
  running.push(router);
  return router;
}

async function isReady({ url }: RunningRouter): Promise<boolean> {
  const { status } = await fetch(new URL("/readyz", url.replace(/^ws/, "http")));
  expect([200, 503]).toContain(status);
  return status === 200;
}

it("/readyz of a node that is cut off sends clients elsewhere where that is wished, and is 200 otherwise", async () => {
  const network = new MemoryCarriers();
  const routers = [await start(network, "a", { "unready-when-cut-off": true }), await start(network, "b", {})];
  const ready = (): Promise<boolean[]> => Promise.all(routers.map(isReady));
  expect(await ready()).toEqual([true, true]);
  for (const node of ["a", "b"]) network.cutOff(node);
  expect(await ready()).toEqual([false, true]);
  for (const node of ["a", "b"]) network.reconnect(node);
  expect(await ready()).toEqual([true, true]);
});
