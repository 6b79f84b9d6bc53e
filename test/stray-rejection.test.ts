import { jest } from "@jest/globals";
import { Code } from "@wampgate/core";
import { folderWith, startCli } from "./support/cli.ts";
import { connectRaw } from "./support/raw-client.ts";

jest.setTimeout(30_000);

const CONFIG = `
plugins: ["@wampgate/auth-anonymous"]
realms: [{ name: realm1, roles: [{ name: user, allow-by-default: true }] }]
components: [{ module: ./careless.mjs, realm: realm1, role: user }]
transports:
  - type: websocket
    endpoint: { type: tcp, host: 127.0.0.1, port: 0 }
    auth: { anonymous: { type: static, role: user } }
`;

/** A component that lets a promise reject in the middle of a call, which nobody waits for. */
const CARELESS = `
export default async (session) => {
  await session.register("com.example.careless", () => {
    void Promise.reject(new Error("nobody waits for this"));
    return "done";
  });
};
`;

it("a promise that a component lets reject, and nobody catches, is logged and ends nothing", async () => {
  const cwd = await folderWith({ "wampgate.config.yaml": CONFIG, "careless.mjs": CARELESS });
  const router = await startCli(cwd);
  const client = await connectRaw(router.url);
  client.hello({ authmethods: ["anonymous"] });
  await client.expect(Code.WELCOME);
  for (const request of [1, 2]) {
    client.send(48, request, {}, "com.example.careless");
    expect(await client.expect(Code.RESULT)).toEqual([50, request, {}, ["done"]]);
  }
  client.send(48, 3, {}, "wamp.session.count");
  await client.expect(Code.RESULT);
  client.socket.terminate();
  router.kill("SIGTERM");
  expect(await router.ended).toBe(0);
  expect(router.lines.join("\n")).toContain("nobody waits for this");
});
