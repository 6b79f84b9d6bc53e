import { jest } from "@jest/globals";
import nats from "@wampgate/cluster-nats";
import anonymous from "@wampgate/auth-anonymous";
import { createRouter, type Router, type WampgateConfig } from "@wampgate/core";
import { freePort } from "./support/free-port.ts";
import { describeWithNats, NatsServer } from "./support/nats-server.ts";

// Three nats-servers that are a cluster, of which one and then two are killed.

jest.setTimeout(90_000);

describeWithNats("nodes over three NATS servers", () => {
  it("start while NATS elects its leader, register when one server is killed, and call each other without a quorum", async () => {
    const ports = [await freePort(), await freePort(), await freePort()];
    const routes = ports.map((port) => `nats://127.0.0.1:${port}`);
    const servers = await Promise.all(
      routes.map((route, i) => {
        const cluster = ["-cluster_name", "three", "-cluster", route, "-routes", routes.join()];
        return NatsServer.start(["-js", "-n", `server${i}`, ...cluster]);
      }),
    );
    const start = async (node: string): Promise<Router> => {
      const config = {
        plugins: [nats, anonymous],
        realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
        transports: [{ type: "memory", auth: { anonymous: { type: "static", role: "user" } } }],
        cluster: { type: "nats", name: "quorum", node, replicas: 3, servers: servers.map(({ url }) => url) },
      };
      const router = await createRouter(config as unknown as WampgateConfig, { log: false });
      await router.start();
      return router;
    };
    const routers = [await start("a"), await start("b")] as const;
    const [one, other] = routers.map((router) => router.session("realm1", { role: "user" })) as [
      ReturnType<Router["session"]>,
      ReturnType<Router["session"]>,
    ];
    await one.register("com.example.first", () => "first");
    const isCalled = async (): Promise<void> => {
      for (;;) {
        const answer = await other.call("com.example.first").catch((error: unknown) => String(error));
        if (answer === "first") return;
        await new Promise(setImmediate);
      }
    };
    await isCalled();
    await servers[0]?.kill();
    await isCalled();
    await other.register("com.example.second", () => "second");
    expect(await one.call("com.example.second")).toBe("second");
    await servers[1]?.kill();
    await isCalled();
    await expect(other.register("com.example.third", () => "third")).rejects.toMatchObject({
      uri: "wamp.error.network_failure",
    });
    await isCalled();
    await Promise.all(routers.map((router) => router.close()));
    for (const server of servers) await server.close();
  });
});
