import { readFileSync } from "node:fs";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { connect } from "@nats-io/transport-node";
import { load } from "js-yaml";
import type { Deployment } from "kubernetes-types/apps/v1.js";
import { routerSettings } from "../packages/core/src/router/settings.ts";
import { folderOf } from "../jest/folder.ts";
import { BusyClient } from "./support/busy-client.ts";
import { docPages, ROOT } from "./support/doc-blocks.ts";
import { NatsCluster } from "./support/nats-cluster.ts";
import { describeWithNats, NatsServer } from "./support/nats-server.ts";

// What docs/guides/cluster.md shows for other programs.

jest.setTimeout(60_000);

const blocks = docPages().find(({ name }) => name === "docs/guides/cluster.md")?.blocks ?? [];
const foreign = (program: string): unknown => load(blocks.find(({ note }) => note?.text === program)?.text ?? "");
const dockerfile = readFileSync(join(ROOT, "Dockerfile"), "utf8");
const shutdown = routerSettings.shape["shutdown-timeout"].parse(undefined);

test("the Deployment runs several routers, replaces one at a time, and gives each the time to end", () => {
  const { spec } = foreign("kubernetes") as Deployment;
  const pod = spec?.template.spec;
  const [container] = pod?.containers ?? [];
  expect(spec?.replicas).toBeGreaterThan(1);
  expect(spec?.strategy?.rollingUpdate).toEqual({ maxUnavailable: 1, maxSurge: 0 });
  expect(spec?.selector.matchLabels).toEqual(spec?.template.metadata?.labels);
  expect(Number(pod?.terminationGracePeriodSeconds) * 1000).toBeGreaterThan(shutdown);
  expect(dockerfile).toContain(`EXPOSE ${container?.ports?.[0]?.containerPort}\n`);
  expect(container?.readinessProbe?.httpGet).toEqual({ path: "/readyz", port: container?.ports?.[0]?.containerPort });
  expect(dockerfile).toContain(`"${container?.volumeMounts?.[0]?.mountPath}/wampgate.config.yaml"`);
  expect(container?.volumeMounts?.map(({ name }) => name)).toEqual(pod?.volumes?.map(({ name }) => name));
});

test("the compose file starts NATS with a store that stays, and routers that get the time to end", () => {
  const { services, volumes } = foreign("compose") as {
    services: Record<
      string,
      { command?: string[]; volumes: string[]; depends_on?: string[]; stop_grace_period?: string }
    >;
    volumes: Record<string, unknown>;
  };
  const { nats, wampgate } = services;
  expect(nats?.command).toContain("-js");
  const [volume, folder] = nats?.volumes[0]?.split(":") ?? [];
  expect(Object.keys(volumes)).toEqual([volume]);
  expect(nats?.command).toContain(folder);
  expect(wampgate?.depends_on).toEqual(["nats"]);
  expect(wampgate?.volumes[0]).toBe("./config:/etc/wampgate:ro");
  expect(dockerfile).toContain("/etc/wampgate/wampgate.config.yaml");
  expect(parseInt(wampgate?.stop_grace_period ?? "", 10) * 1000).toBeGreaterThan(shutdown);
});

describeWithNats("nats-server, with the accounts of the page", () => {
  const passwords = { PASSWORD_A: "password-of-a", PASSWORD_B: "password-of-b" };
  const file = blocks.find(({ text }) => text.startsWith("# nats.conf"))?.text ?? "";

  it("lets both nodes do all that they must, and neither speak in the name of the other nor read what is for it", async () => {
    const folder = await folderOf({ "nats.conf": file });
    const server = await NatsServer.start(["-c", join(folder, "nats.conf")], passwords);
    const cluster = await NatsCluster.start(["a", "b"], {
      server,
      cluster: (node) => ({
        name: "shop",
        user: node,
        password: passwords[node === "a" ? "PASSWORD_A" : "PASSWORD_B"],
      }),
    });
    const [one, other] = [await BusyClient.join(cluster.get("a").url), await BusyClient.join(cluster.get("b").url)];
    const [, registration] = await other.register("com.example.add2");
    expect((await one.call("com.example.add2", [1]))[1]).toEqual([1]);
    expect(await other.unregister(registration)).toBe("result");
    expect((await one.register("com.example.add2"))[0]).toBe("result");
    expect((await other.call("com.example.add2", [2]))[1]).toEqual([2]);
    for (const node of ["a", "b"])
      expect(cluster.get(node).lines.filter((line) => /"level":(40|50|60)/.test(line))).toEqual([]);

    const nats = await connect({
      servers: server.url,
      user: "a",
      pass: passwords.PASSWORD_A,
      inboxPrefix: "wampgate.shop.a.x",
    });
    const denied: string[] = [];
    void (async () => {
      for await (const status of nats.status()) if (status.type === "error") denied.push(status.error.message);
    })();
    nats.publish("wampgate.shop.a.b", "forged");
    nats.subscribe("wampgate.shop.b.a", { callback: () => undefined });
    nats.publish("$JS.API.STREAM.DELETE.KV_wampgate-shop", "");
    await nats.flush();
    await new Promise(setImmediate);
    expect(denied).toHaveLength(3);
    await nats.close();
    for (const client of [one, other]) client.vanish();
    await cluster.close();
  });
});
