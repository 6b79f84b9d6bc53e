import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import type { Deployment } from "kubernetes-types/apps/v1.js";
import { routerSettings } from "../packages/core/src/router/settings.ts";
import { docPages, ROOT } from "./support/doc-blocks.ts";
import { startRouter } from "./support/router.ts";

// The manifest of docs/guides/behind-a-proxy.md. That its keys and types are those of Kubernetes, test/docs-blocks.test.ts
// tests; here is what its parts say of each other, and whether it fits the image and the router.

const block = docPages()
  .flatMap(({ blocks }) => blocks)
  .find(({ note }) => note?.text === "kubernetes");
const { spec } = load(block?.text ?? "") as Deployment;
const pod = spec?.template.spec;
const [container, ...others] = pod?.containers ?? [];
const dockerfile = readFileSync(join(ROOT, "Dockerfile"), "utf8");

test("the manifest selects the pods that it makes", () => {
  expect(spec?.selector.matchLabels).toEqual(spec?.template.metadata?.labels);
});

test("the manifest mounts the volume that it has, where the image reads its config", () => {
  expect(others).toEqual([]);
  expect(container?.volumeMounts?.map(({ name }) => name)).toEqual(pod?.volumes?.map(({ name }) => name));
  const [{ mountPath } = {}] = container?.volumeMounts ?? [];
  expect(dockerfile).toContain(`CMD ["start", "--config", "${mountPath}/wampgate.config.yaml"]`);
});

test("the manifest's port is that of the image, and the probes ask it", () => {
  const [{ containerPort } = {}] = container?.ports ?? [];
  expect(dockerfile).toContain(`EXPOSE ${containerPort}\n`);
  for (const probe of [container?.livenessProbe, container?.readinessProbe])
    expect(probe?.httpGet?.port).toBe(containerPort);
});

test("one router is there at a time", () => {
  expect(spec).toMatchObject({ replicas: 1, strategy: { type: "Recreate" } });
});

test("the router answers what the probes ask", async () => {
  const router = await startRouter({
    auth: { anonymous: { type: "static", role: "user" } },
    realms: [{ name: "realm1", roles: [{ name: "user" }] }],
  });
  for (const probe of [container?.livenessProbe, container?.readinessProbe]) {
    const asked = new URL(probe?.httpGet?.path ?? "", router.url.replace("ws:", "http:"));
    expect((await fetch(asked)).status).toBe(200);
  }
  await router.close();
});

test("the router gets more time to end than it takes by default", () => {
  const shutdown = routerSettings.shape["shutdown-timeout"].parse(undefined);
  expect(Number(pod?.terminationGracePeriodSeconds) * 1000).toBeGreaterThan(shutdown);
});
