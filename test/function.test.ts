import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { WampgateConfig } from "@wampgate/core";
import { login, withSecret, withTicket } from "./support/autobahn.ts";
import { folderWith, run, startCli } from "./support/cli.ts";
import { FAILED, refusalOf, USERS_AND_GUESTS } from "./support/decided.ts";
import { connectRaw } from "./support/raw-client.ts";
import { makeRouter, type RunningRouter, wholeOf } from "./support/router.ts";

// Logins that a JavaScript function decides, over WebSockets, by clients of others.

let folder: string;
let running: RunningRouter | null = null;
beforeEach(async () => (folder = await folderWith()));
afterEach(async () => {
  await running?.close();
  running = null;
});

const FUNCTIONS = globalThis as { happened?: string[]; asked?: () => void };

/** What the functions of a test tell it. */
function listen(): string[] {
  return (FUNCTIONS.happened = []);
}

async function write(text: string, name = "auth.mjs"): Promise<void> {
  await writeFile(join(folder, name), text);
}

const configOf = (auth: object): Record<string, unknown> => wholeOf({ realms: [USERS_AND_GUESTS], auth });

async function start(auth: object): Promise<RunningRouter> {
  const { router, log } = await makeRouter(configOf(auth), { file: join(folder, "wampgate.config.yaml") });
  await router.start();
  running = { router, log, url: router.endpoints[0]?.url ?? "", close: () => router.close() };
  return running;
}

const AS = { realm: "realm1" };

const BLOCK = { type: "function", module: "./auth.mjs" };

async function joined(authid: string, ticket = "x", url = running?.url ?? ""): Promise<Record<string, unknown>> {
  const { details, close } = await login({
    url,
    authid,
    ...AS,
    authmethods: ["ticket"],
    onchallenge: withTicket(ticket),
  });
  await close();
  return details;
}

const refused = (authid: string, ticket = "x"): ReturnType<typeof refusalOf> => refusalOf(joined(authid, ticket));

it("a function gets what a dynamic authenticator gets, and its answer is one", async () => {
  await write(`export async function create(config, { log }) {
    log.info({ door: config.door }, "made");
    return (realm, authid, details) => {
      globalThis.happened.push(JSON.stringify([realm, authid, details.ticket, details.authmethod, details.transport.type]));
      return { role: "user", authid: "joe-" + config.door, extra: { keys: [1, 2] }, expires: 4102444800 };
    };
  }`);
  const happened = listen();
  const { log } = await start({ ticket: { ...BLOCK, config: { door: "front" } } });
  expect(await joined("joe", "s3cret")).toMatchObject({
    authid: "joe-front",
    authrole: "user",
    authprovider: "function",
    authextra: { keys: [1, 2] },
    expires: 4102444800,
  });
  expect(happened).toEqual(['["realm1","joe","s3cret","ticket","websocket"]']);
  expect(log.lines).toContainEqual({
    level: "info",
    fields: expect.objectContaining({ block: "transports[0].auth.ticket", door: "front" }) as unknown,
    message: "made",
  });
});

it("a function gives wampcra the secret that it checks proofs with", async () => {
  await write(`export const create = () => (realm, authid) => ({ role: "user", secret: "of " + authid });`);
  const { url } = await start({ wampcra: BLOCK });
  const as = { url, authid: "joe", ...AS, authmethods: ["wampcra"] };
  const { details, close } = await login({ ...as, onchallenge: withSecret("of joe") });
  expect(details).toMatchObject({ authid: "joe", authmethod: "wampcra", authprovider: "function" });
  await close();
  await expect(login({ ...as, onchallenge: withSecret("of ann") })).rejects.toMatchObject({
    reason: "wamp.error.authentication_denied",
  });
});

it("a WampError is the ABORT; all else that is thrown is in the log with its stack, and in no ABORT", async () => {
  await write(`import { WampError } from ${JSON.stringify(import.meta.resolve("@wampgate/core"))};
    export const create = () => (realm, authid) => {
      if (authid === "late") throw new WampError("com.example.closed", "come back at nine");
      if (authid === "odd") throw new WampError("not a uri");
      throw new Error("at the inner table");
    };`);
  const { log } = await start({ ticket: BLOCK });
  expect(await refused("late")).toMatchObject({ reason: "com.example.closed", text: "come back at nine" });
  expect(await refused("odd")).toMatchObject(FAILED);
  expect(await refused("joe")).toMatchObject(FAILED);
  const line = log.lines.find(({ message }) => message === "the function of ./auth.mjs failed");
  expect(line).toMatchObject({ level: "error", fields: { block: "transports[0].auth.ticket", module: "./auth.mjs" } });
  expect((line?.fields["err"] as Error).stack).toContain("auth.mjs");
});

it("null leaves the client to the next block, and after the last one it is refused as for a wrong proof", async () => {
  await write(`export const create = () => (realm, authid) => (authid === "guest" ? "guest" : null);`);
  const principals = { joe: { ticket: "secret", role: "user" } };
  await start({ ticket: [BLOCK, { type: "static", principals }] });
  expect(await joined("guest")).toMatchObject({ authprovider: "function", authrole: "guest" });
  expect(await joined("joe", "secret")).toMatchObject({ authprovider: "static" });
  const [stranger, wrong] = [await refused("ann"), await refused("joe", "wrong")];
  expect(stranger).toMatchObject({ reason: "wamp.error.authentication_denied" });
  expect({ ...stranger }).toEqual({ ...wrong });
});

it("the error no_such_principal leaves the client to the next block, as null does; after the last one it is the ABORT", async () => {
  await write(`import { WampError } from ${JSON.stringify(import.meta.resolve("@wampgate/core"))};
    export const create = () => () => {
      throw new WampError("wamp.error.no_such_principal");
    };`);
  const principals = { joe: { ticket: "secret", role: "user" } };
  const { router } = await start({ ticket: [BLOCK, { type: "static", principals }] });
  expect(await joined("joe", "secret")).toMatchObject({ authprovider: "static" });
  await router.reload(configOf({ ticket: BLOCK }) as unknown as WampgateConfig);
  expect(await refused("joe")).toMatchObject({ reason: "wamp.error.no_such_principal" });
});

it.each([
  ["no answer", "() => undefined", "it answered nothing"],
  ["a number", "() => 7", "it answered an integer, expected a role or a dictionary"],
  ["a role that is no text", "() => ({ role: ['s3cret'] })", "its role: expected a string, found a list"],
])("%s denies the login; the log says what is wrong, without the value", async (_, text) => {
  await write(`export const create = () => ${text};`);
  const { log } = await start({ ticket: BLOCK });
  expect(await refused("joe")).toMatchObject(FAILED);
  expect(log.text()).toContain("the function of ./auth.mjs gave no answer that can be used");
  expect(log.text()).not.toContain("s3cret");
});

it("a function that takes too long is told so by its signal, and the client is refused", async () => {
  await write(`export const create = () => (realm, authid, details, { signal }) =>
    new Promise(() => signal.addEventListener("abort", () => globalThis.happened.push(signal.reason.message)));`);
  const happened = listen();
  const { log } = await start({ ticket: { ...BLOCK, timeout: 30 } });
  expect(await refused("joe")).toMatchObject(FAILED);
  expect(happened).toEqual(["no answer within 30 ms"]);
  expect(log.text()).toContain("did not answer in time");
});

it("a client that leaves while a function decides ends that by the signal, and nothing is logged as a failure", async () => {
  await write(`export const create = () => (realm, authid, details, { signal }) =>
    new Promise((resolve, reject) => {
      globalThis.happened.push("asked");
      signal.addEventListener("abort", () => { globalThis.happened.push("gone"); reject(new Error("gone")); });
      globalThis.asked();
    });`);
  const happened = listen();
  const asked = new Promise<void>((resolve) => (FUNCTIONS.asked = resolve));
  const { url, log, router } = await start({ ticket: BLOCK });
  const client = await connectRaw(url);
  client.hello({ authid: "joe", authmethods: ["ticket"] });
  await client.expect(4);
  client.authenticate("x");
  await asked;
  client.close();
  await router.close();
  expect(happened).toEqual(["asked", "gone"]);
  expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
});

it("each block has an instance, and a reload makes the new ones before it closes the old ones", async () => {
  await write(`let count = 0;
    export function create(config) {
      const name = ++count;
      globalThis.happened.push("create " + name);
      return { authenticate: () => ({ role: "user", extra: { name } }), close: () => globalThis.happened.push("close " + name) };
    }
    export const close = () => globalThis.happened.push("module closed");`);
  const happened = listen();
  const auth = { ticket: [BLOCK, BLOCK] };
  const { router } = await start(auth);
  expect(happened).toEqual(["create 1", "create 2"]);
  await router.reload(configOf(auth) as unknown as WampgateConfig);
  expect(await joined("joe")).toMatchObject({ authextra: { name: 3 } });
  expect(happened.slice(2, 4)).toEqual(["create 3", "create 4"]);
  expect(happened.slice(4).sort()).toEqual(["close 1", "close 2", "module closed", "module closed"]);
});

it("SIGHUP loads a module again that has changed", async () => {
  const text = (role: string): string => `export const create = () => () => "${role}";`;
  await write(text("user"));
  await write(
    `plugins: ["@wampgate/auth-ticket", "@wampgate/auth-function"]
realms: [{ name: realm1, roles: [{ name: user }, { name: guest }] }]
transports:
  - type: websocket
    endpoint: { type: tcp, host: 127.0.0.1, port: 0 }
    auth: { ticket: { type: function, module: ./auth.mjs } }
`,
    "wampgate.config.yaml",
  );
  const router = await startCli(folder);
  try {
    expect(await joined("joe", "x", router.url)).toMatchObject({ authrole: "user" });
    await write(text("guest"));
    await utimes(join(folder, "auth.mjs"), new Date(), new Date(Date.now() + 5000));
    router.kill("SIGHUP");
    await router.logged(/the config was reloaded/);
    expect(await joined("joe", "x", router.url)).toMatchObject({ authrole: "guest" });
  } finally {
    router.kill("SIGTERM");
    await router.ended;
  }
}, 30_000);

it("a reload whose module fails is refused, and the old function goes on", async () => {
  await write(`export const create = () => () => "user";`);
  await write(`export const create = () => { throw new Error("no database"); };`, "broken.mjs");
  const { router } = await start({ ticket: BLOCK });
  const changed = configOf({ ticket: { ...BLOCK, module: "./broken.mjs" } });
  await expect(router.reload(changed as unknown as WampgateConfig)).rejects.toThrow(
    'transports[0].auth.ticket.module: create of "./broken.mjs" failed: no database',
  );
  expect(await joined("joe")).toMatchObject({ authrole: "user" });
});

it("a module in CommonJS may be used", async () => {
  await write(`module.exports = { create: () => () => "user" };`, "auth.cjs");
  await start({ ticket: { ...BLOCK, module: "./auth.cjs" } });
  expect(await joined("joe")).toMatchObject({ authrole: "user" });
});

it("wampgate check names the line of a module that is not there, fails, or has no create, and of Crossbar's create", async () => {
  await write("export const make = 1;");
  await write("throw new Error('out of order');", "broken.mjs");
  await write(
    `plugins: ["@wampgate/auth-ticket", "@wampgate/auth-function"]
realms: [{ name: realm1, roles: [{ name: user }] }]
transports:
  - type: memory
    auth:
      ticket:
        - type: function
          module: ./auth.mjs
        - type: function
          module: ./missing.mjs
        - type: function
          module: ./broken.mjs
        - type: function
          module: ./auth.mjs
          create: myauth.create
`,
    "wampgate.config.yaml",
  );
  const { code, stderr } = await run(folder, ["check"]);
  expect(code).toBe(2);
  expect(stderr).toContain(':8: transports[0].auth.ticket[0].module: "./auth.mjs" exports no function create');
  expect(stderr).toContain(':10: transports[0].auth.ticket[1].module: there is no module "./missing.mjs"');
  expect(stderr).toContain(':12: transports[0].auth.ticket[2].module: "./broken.mjs" does not load: out of order');
  expect(stderr).toContain(':15: transports[0].auth.ticket[3].create: create: "module.function" names a function in');
});
