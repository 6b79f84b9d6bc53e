import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "@wampgate/core";
import { folderWith } from "./support/cli.ts";
import { connectRaw, hangUp } from "./support/raw-client.ts";
import { OFFICIAL, startRouter } from "./support/router.ts";

// The first plugin that a reader of README.md sees does what is said of it.

const ROOT = join(import.meta.dirname, "..");

/** README's plugin, loaded from a folder that finds the packages as a user's own would. */
async function pluginOfReadme(): Promise<Plugin> {
  const blocks = [...readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/^```js\n(.*?)^```$/gms)];
  const code = blocks.map(([, text]) => text ?? "").find((text) => text.includes("wampgate-ban-list"));
  if (code === undefined) throw new Error("README.md has no plugin wampgate-ban-list any more");
  const folder = await folderWith({ "index.mjs": code });
  return ((await import(join(folder, "index.mjs"))) as { default: Plugin }).default;
}

/** The first message of the router's answer to a client from 127.0.0.1. */
async function answerWith(addresses: readonly string[]): Promise<readonly unknown[]> {
  const running = await startRouter({
    plugins: [...OFFICIAL, [await pluginOfReadme(), { addresses }]],
    realms: [{ name: "realm1", roles: [{ name: "user" }] }],
    auth: { anonymous: { type: "static", role: "user" } },
  });
  try {
    const client = await connectRaw(running.url);
    client.hello();
    return await client.next();
  } finally {
    hangUp();
    await running.close();
  }
}

it("README's ban list refuses a client from a banned address, from whichever port it comes", async () => {
  expect(await answerWith(["203.0.113.9", "127.0.0.1"])).toMatchObject([3, {}, "wamp.error.authentication_denied"]);
});

it("README's ban list lets everybody else in", async () => {
  expect(await answerWith(["203.0.113.9"])).toMatchObject([2, expect.any(Number), { realm: "realm1" }]);
});
