import { once } from "node:events";
import { WebSocket } from "ws";
import { Code } from "@wampgate/core";
import { AUTHENTICATOR } from "./support/dynamic.ts";
import { type LimitedRouter, startLimited, transport } from "./support/limits.ts";
import { connectRaw, type RawClient } from "./support/raw-client.ts";

const DENIED = "wamp.error.authentication_denied";
const MESSAGE = "too many logins have failed; try again later";
const HELD_BACK = [Code.ABORT, { message: MESSAGE }, DENIED];

const auth = {
  ticket: {
    type: "static",
    principals: { joe: { ticket: "right", role: "user" }, ann: { ticket: "right", role: "user" } },
  },
};

let running: LimitedRouter;
afterEach(() => running.close());

function start(limits: object): Promise<LimitedRouter> {
  return startLimited([transport({ auth, endpoint: { type: "tcp", host: "0.0.0.0", port: 0 }, ...limits })]);
}

/** Logs in from an address of this machine. @returns the last answer */
async function login(authid: string, ticket: string, localAddress = "127.0.0.1"): Promise<unknown[]> {
  const socket = new WebSocket(running.url.replace("0.0.0.0", "127.0.0.1"), "wamp.2.json", { localAddress });
  await once(socket, "open");
  const ask = async (...message: unknown[]): Promise<unknown[]> => {
    socket.send(JSON.stringify(message));
    const [data] = (await once(socket, "message")) as [Buffer];
    return JSON.parse(data.toString()) as unknown[];
  };
  const answer = await ask(1, "realm1", { roles: { caller: {} }, authid, authmethods: ["ticket"] });
  const last = answer[0] === Code.CHALLENGE ? await ask(Code.AUTHENTICATE, ticket, {}) : answer;
  socket.terminate();
  return last;
}

it("an address that fails too often is held back, whoever it wants to be, and no other address is", async () => {
  running = await start({ "max-failed-logins-per-address": 3 });
  for (let i = 0; i < 4; i++) expect(await login(`nobody${i}`, "wrong")).toMatchObject([3, {}, DENIED]);
  expect(await login("joe", "right")).toEqual(HELD_BACK);
  expect(await login("nobody", "wrong")).toEqual(HELD_BACK);
  expect((await login("joe", "right", "127.0.0.2"))[0]).toBe(Code.WELCOME);
  expect(running.count("max-failed-logins-per-address")).toBe(2);
  const refused = running.log.lines.filter(({ fields }) => fields["login"] === "refused");
  expect(refused.at(-1)?.fields).toMatchObject({ message: MESSAGE, authid: "nobody", plugin: null });
});

it("who is held back gets in again when the time is up", async () => {
  running = await start({ "max-failed-logins-per-address": 1 });
  for (let i = 0; i < 2; i++) await login("joe", "wrong");
  let answer = await login("joe", "right");
  expect(answer).toEqual(HELD_BACK);
  while (answer[0] !== Code.WELCOME) answer = await login("joe", "right");
}, 20_000);

it("an authid that strangers guess at is open to its owner, and closed to them", async () => {
  running = await start({ "max-failed-logins-per-authid": 2 });
  for (let i = 0; i < 3; i++) await login("joe", "wrong", "127.0.0.2");
  expect(await login("joe", "right", "127.0.0.2")).toEqual(HELD_BACK);
  expect((await login("ann", "right", "127.0.0.2"))[0]).toBe(Code.WELCOME);
  expect((await login("joe", "right", "127.0.0.1"))[0]).toBe(Code.WELCOME);
  expect(running.count("max-failed-logins-per-authid")).toBe(1);
});

it("an unknown authid is held back like a known one", async () => {
  running = await start({ "max-failed-logins-per-authid": 1 });
  const answers = async (authid: string): Promise<unknown[]> => {
    const seen = [];
    for (let i = 0; i < 4; i++) seen.push(await login(authid, "wrong"));
    return seen;
  };
  expect(await answers("nobody")).toEqual(await answers("joe"));
});

describe("a guess whose verdict the client does not wait for counts", () => {
  const slow = { type: "dynamic", authenticator: AUTHENTICATOR, "authenticator-realm": "realm1" };

  it.each<[string, (client: RawClient) => void]>([
    ["the client hangs up", (client) => client.socket.terminate()],
    ["it says GOODBYE", (client) => client.send(Code.GOODBYE, {}, "wamp.close.close_realm")],
    ["it sends another message", (client) => client.send(Code.AUTHENTICATE, "again", {})],
    ["it sends what is no message", (client) => client.sendFrame("[")],
  ])("if %s", async (_how, leave) => {
    let asked = (): void => undefined;
    running = await startLimited([transport({ auth: { ticket: slow }, "max-failed-logins-per-address": 1 })], {
      roles: [{ name: "authenticator", permissions: [{ uri: AUTHENTICATOR, allow: { register: true } }] }],
    });
    await running.router
      .session("realm1", { role: "authenticator" })
      .register(AUTHENTICATOR, () => new Promise(() => asked()));
    for (let i = 0; i < 2; i++) {
      const client = await connectRaw(running.url);
      client.hello({ authid: "joe", authmethods: ["ticket"] });
      await client.expect(Code.CHALLENGE);
      const isAsked = new Promise<void>((resolve) => (asked = resolve));
      client.authenticate("guess");
      await isAsked;
      leave(client);
      await client.closed;
    }
    const next = await connectRaw(running.url);
    next.hello({ authid: "ann", authmethods: ["ticket"] });
    expect(await next.aborted()).toEqual({ reason: DENIED, message: MESSAGE });
  });
});
