import { join } from "node:path";
import { Code } from "@wampgate/core";
import { folderOf } from "../../jest/folder.ts";
import { joinLight, type LightClient } from "../support/light-client.ts";
import { inParallel, report, sizeOf } from "../support/load.ts";
import { RouterProcess } from "../support/router-process.ts";

const CLIENTS = sizeOf(500, 5000);

/** How many log in at the same time. */
const AT_ONCE = 100;

let folder: string;
beforeAll(async () => (folder = await folderOf()));

function start(port: number): Promise<RouterProcess> {
  const auth = { anonymous: { type: "static", role: "user" } };
  const path = join(folder, "router.sock");
  return RouterProcess.start({
    plugins: ["@wampgate/auth-anonymous"],
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
    transports: [
      { type: "websocket", endpoint: { type: "tcp", port }, auth },
      { type: "websocket", endpoint: { type: "unix", path }, auth },
    ],
  });
}

/** Half of them by TCP, half by the Unix domain socket. */
function joinAll(router: RouterProcess): Promise<LightClient[]> {
  return inParallel(CLIENTS, AT_ONCE, (i) => joinLight(router.urls[i % 2] ?? ""));
}

/** Registers, subscribes and publishes, and sees that all of it works. */
async function use(one: LightClient, other: LightClient): Promise<void> {
  one.send(Code.REGISTER, 1, {}, "com.example.procedure");
  expect((await one.next())[0]).toBe(Code.REGISTERED);
  one.send(Code.SUBSCRIBE, 2, {}, "com.example.topic");
  expect((await one.next())[0]).toBe(Code.SUBSCRIBED);
  other.send(Code.PUBLISH, 1, { acknowledge: true }, "com.example.topic", ["hello"]);
  expect((await other.next())[0]).toBe(Code.PUBLISHED);
  expect((await one.next())[4]).toEqual(["hello"]);
  other.send(Code.CALL, 2, {}, "com.example.procedure", ["question"]);
  const invocation = await one.next();
  one.send(Code.YIELD, invocation[1], {}, ["answer"]);
  expect(await other.next()).toEqual([Code.RESULT, 2, {}, ["answer"]]);
}

it(`the router is killed, and starts anew on the same port and the same socket file: all ${CLIENTS} clients are in again`, async () => {
  const first = await start(0);
  const clients = await joinAll(first);
  const [one, other] = clients as [LightClient, LightClient];
  await use(one, other);
  await first.kill();
  await Promise.all(clients.map(({ closed }) => closed)); // each of them learns of it

  const began = performance.now();
  const second = await start(Number(new URL(first.url).port));
  expect(second.urls).toEqual(first.urls);
  const again = await joinAll(second);
  const ms = performance.now() - began;
  const [caller] = again as [LightClient];
  caller.send(Code.CALL, 1, {}, "wamp.session.count");
  expect(await caller.next()).toEqual([Code.RESULT, 1, {}, [CLIENTS]]);
  // Nothing is left of what was registered and subscribed before, so nothing stands in the way of doing it again.
  caller.send(Code.CALL, 2, {}, "com.example.procedure");
  expect((await caller.next()).slice(0, 5)).toEqual([Code.ERROR, Code.CALL, 2, {}, "wamp.error.no_such_procedure"]);
  await use(await joinLight(second.urls[0] ?? ""), await joinLight(second.urls[1] ?? ""));

  report(`router killed: all ${CLIENTS} clients were in again ${Math.round(ms)} ms after it was started anew`);
  expect(second.log).toEqual([]);
  expect(await second.stop()).toBe(0);
}, 120_000);
