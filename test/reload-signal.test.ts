import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { jest } from "@jest/globals";
import type { FakeClient } from "@wampgate/plugin-testkit";
import { Code } from "@wampgate/core";
import { type CliRouter, folderWith, startCli } from "./support/cli.ts";
import { connectRaw } from "./support/raw-client.ts";

// Each test starts a process, on machines that may have other work.
jest.setTimeout(30_000);

function config({ principals = ["joe", "ann"], rest = "" } = {}): string {
  const known = principals.map((name) => `${name}: { ticket: "\${TICKET}", role: user }`).join(", ");
  return `
plugins: ["@wampgate/auth-ticket"]
realms: [{ name: realm1, roles: [{ name: user, allow-by-default: true }] }]
transports:
  - type: websocket
    endpoint: { type: tcp, host: 127.0.0.1, port: 0 }
    auth: { ticket: { type: static, principals: { ${known} } } }
${rest}`;
}

let router: CliRouter;
let file: string;

async function start(name = "wampgate.config.yaml", text = config()): Promise<void> {
  const cwd = await folderWith({ [name]: text, "none.mjs": "export default () => undefined;" });
  file = join(cwd, name);
  router = await startCli(cwd, { TICKET: "secret" });
}

afterEach(async () => {
  router.kill("SIGTERM");
  expect(await router.ended).toBe(0);
});

async function reload(text: string): Promise<void> {
  await writeFile(file, text);
  router.kill("SIGHUP");
}

async function logIn(authid: string): Promise<FakeClient> {
  const client = await connectRaw(router.url);
  client.hello({ authid, authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  client.authenticate("secret");
  return client;
}

it("SIGHUP reloads the config file: who is in it no more is told why, the others notice nothing, and new ones come in", async () => {
  await start();
  const [joe, ann] = [await logIn("joe"), await logIn("ann")];
  for (const client of [joe, ann]) await client.welcomed();
  await reload(
    config({ principals: ["joe", "eve"], rest: "components: [{ module: ./none.mjs, realm: realm1, role: user }]" }),
  );
  expect(await ann.next()).toEqual([6, { message: "its principal is not there any more" }, "wamp.close.killed"]);
  ann.send(6, {}, "wamp.close.goodbye_and_out");
  expect(await router.logged(/the config was reloaded/)).toMatchObject({ closed: 1, level: 30 });
  await router.logged(/^components has changed; the components stay as they are until a restart$/);
  await (await logIn("eve")).welcomed();
  joe.send(48, 1, {}, "wamp.session.count");
  expect(await joe.next()).toEqual([50, 1, {}, [2]]);
});

it("a config file that is wrong, or is not there, changes nothing, and the log says all that is wrong", async () => {
  await start();
  const joe = await logIn("joe");
  await joe.welcomed();
  await reload(config({ principals: [], rest: "shutdown-timeout: soon\nnonsense: 1\n" }));
  await router.logged(
    /^wampgate\.config\.yaml:8: shutdown-timeout: expected a whole number of milliseconds, found a string/,
  );
  await router.logged(/:9: nonsense: unknown key/);
  await router.logged(/the config was not reloaded, and the old one stays in effect: .* is wrong/);
  await reload("realms: [");
  await router.logged(/it cannot be read/);
  expect(router.lines.join("\n")).not.toContain("secret");
  joe.send(48, 1, {}, "wamp.session.count");
  expect(await joe.next()).toEqual([50, 1, {}, [1]]);
  joe.close();
});

it.each([
  ["wampgate.config.mjs", "export default"],
  ["wampgate.config.cjs", "module.exports ="],
])("%s is read anew, though Node keeps the modules that it has imported", async (name, exported) => {
  const text = (role: string): string => `${exported} {
    plugins: ["@wampgate/auth-anonymous"],
    realms: [{ name: "realm1", roles: [{ name: "${role}" }] }],
    transports: [{ type: "websocket", endpoint: { type: "tcp", port: 0 }, auth: { anonymous: { type: "static", role: "${role}" } } }],
  };`;
  await start(name, text("user"));
  await reload(text("other"));
  expect(await router.logged(/the config was reloaded/)).toMatchObject({ realms: { changed: 1 } });
});
