import { spawn, spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { jest } from "@jest/globals";
import { Code } from "@wampgate/core";
import type { FakeClient } from "@wampgate/plugin-testkit";
import { folderWith, startCli } from "./support/cli.ts";
import { Party } from "./support/party.ts";
import { connectRaw } from "./support/raw-client.ts";

// The tests run on the oldest Node.js that is supported. Here the built router runs on later ones too, which
// `test/node-versions/package.json` names: that folder has a lockfile of its own, since the packages bring a command
// `node`, which would take the place of everyone's if they were among the others.

// Each test starts a process, on machines that may have other work.
jest.setTimeout(60_000);

const FOLDER = join(import.meta.dirname, "node-versions/node_modules");
const CLIENT = join(import.meta.dirname, "node-versions/autobahn.mjs");

const CONFIG = {
  plugins: ["@wampgate/auth-ticket", "@wampgate/auth-wampcra"],
  realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
  transports: [
    {
      type: "websocket",
      endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
      auth: {
        ticket: { type: "static", principals: { joe: { ticket: "a ticket", role: "user" } } },
        wampcra: { type: "static", users: { ann: { secret: "a secret", role: "user" } } },
      },
    },
  ],
};

/** What proves to be joe or ann. */
const PROOFS: Record<string, (challenge: string) => string> = {
  ticket: () => "a ticket",
  wampcra: (challenge) => createHmac("sha256", "a secret").update(challenge).digest("base64"),
};

async function logIn(url: string, authid: string, method: string): Promise<Party> {
  const client: FakeClient = await connectRaw(url);
  client.hello({ authid, authmethods: [method] });
  const [, asked, extra] = await client.expect(Code.CHALLENGE);
  expect(asked).toBe(method);
  client.authenticate(PROOFS[method]?.(String((extra as Record<string, unknown>)["challenge"])) ?? "");
  const welcome = await client.welcomed();
  expect(welcome).toMatchObject({ authid, authmethod: method });
  return new Party(client, welcome);
}

describe.each(["22", "24"])("on Node.js %s", (version) => {
  const node = join(FOLDER, `node-${version}/bin/node`);
  const isThere = existsSync(node) && spawnSync(node, ["--version"]).status === 0;
  const reason = isThere ? "" : " (skipped: `npm ci` in test/node-versions brings it, on Linux x64 alone)";

  (isThere ? it : it.skip)(
    `the built router lets in by ticket and by wampcra, routes calls and events, and stops with 0${reason}`,
    async () => {
      expect(spawnSync(node, ["--version"]).stdout.toString()).toMatch(new RegExp(`^v${version}\\.`));
      const cwd = await folderWith({ "wampgate.config.json": JSON.stringify(CONFIG) });
      const router = await startCli(cwd, {}, { node });
      const [joe, ann] = [await logIn(router.url, "joe", "ticket"), await logIn(router.url, "ann", "wampcra")];

      await joe.register("com.example.add");
      ann.call("com.example.add", {}, [2, 3]);
      const { id, args } = await joe.invocation();
      expect(args).toEqual([2, 3]);
      joe.yield(id, {}, [5]);
      expect((await ann.next(Code.RESULT))[2]).toEqual([5]);

      await ann.subscribe("com.example.topic");
      await joe.publish("com.example.topic", {}, ["news"]);
      expect((await ann.event()).args).toEqual(["news"]);

      router.kill("SIGTERM");
      for (const party of [joe, ann]) {
        await party.next(Code.GOODBYE);
        party.send(Code.GOODBYE, {}, "wamp.close.goodbye_and_out");
      }
      expect(await router.ended).toBe(0);
      expect(router.lines.filter((line) => /warn|deprecat/i.test(line))).toEqual([]);
    },
  );

  (isThere ? it : it.skip)(
    `autobahn-js 26, which needs this Node.js's own WebSocket, logs in, calls and gets events in each format${reason}`,
    async () => {
      const cwd = await folderWith({ "wampgate.config.json": JSON.stringify(CONFIG) });
      const router = await startCli(cwd);
      const env = { ...process.env, NODE_OPTIONS: "" };
      const client = spawn(node, [CLIENT, router.url], { env, stdio: ["ignore", "pipe", "inherit"] });
      const [output, [code]] = await Promise.all([
        text(client.stdout),
        once(client, "exit") as Promise<[number | null]>,
      ]);
      const said = { authmethod: "ticket", sum: 5, event: "news", end: "closed" };
      expect(
        output
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as unknown),
      ).toEqual(["json", "msgpack", "cbor"].map((format) => ({ format, ...said })));
      expect(code).toBe(0);
      router.kill("SIGTERM");
      expect(await router.ended).toBe(0);
    },
  );
});
