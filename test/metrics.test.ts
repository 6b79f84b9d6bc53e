import { once } from "node:events";
import { createServer } from "node:net";
import { Code } from "@wampgate/core";
import metrics from "@wampgate/metrics";
import { authenticatorOf, dynamicBlock, REALMS } from "./support/dynamic.ts";
import { connectRaw } from "./support/raw-client.ts";
import { OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";

const authenticator = authenticatorOf((_realm, _authid, { ticket }) => {
  if (ticket === "right") return { role: "user" };
  throw Object.assign(new Error("wrong"), { error: `com.example.${String(ticket)}`, args: ["wrong"] });
});

const start = (options: object): Promise<RunningRouter> =>
  startRouter({
    plugins: [...OFFICIAL, [metrics, options]],
    realms: REALMS,
    auth: { ticket: dynamicBlock },
    components: [{ module: authenticator, realm: "realm-auth", role: "authenticator" }],
  });

const pageOf = ({ log }: RunningRouter): string =>
  String(log.lines.find(({ message }) => message === "serves metrics")?.fields["url"]);

/** Each series with its value. */
async function scrape(url: string): Promise<Map<string, number>> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

describe("the plugin metrics", () => {
  let running: RunningRouter;
  beforeAll(async () => (running = await start({ port: 0 })));
  afterAll(() => running.close());

  async function login(authid: string, ticket: string) {
    const client = await connectRaw(running.url);
    client.hello({ authid, authmethods: ["ticket"] });
    await client.expect(Code.CHALLENGE);
    client.authenticate(ticket);
    return { client, answer: await client.next() };
  }

  it("tells of logins, calls of authenticators, sessions and messages", async () => {
    const { client, answer } = await login("joe", "right");
    expect(answer[0]).toBe(Code.WELCOME);
    client.send(48, 1, {}, "wamp.session.count");
    await client.expect(Code.RESULT);
    const seen = await scrape(pageOf(running));
    expect(seen.get('wampgate_logins_total{method="ticket",strategy="dynamic",outcome="welcome"}')).toBe(1);
    expect(seen.get('wampgate_login_duration_seconds_count{outcome="welcome"}')).toBe(1);
    expect(seen.get('wampgate_authenticator_call_duration_seconds_count{outcome="result"}')).toBe(1);
    const answered = 'strategy="dynamic",block="transports[0].auth.ticket",outcome="accepted"';
    expect(seen.get(`wampgate_strategy_duration_seconds_count{${answered}}`)).toBe(1);
    expect(seen.get('wampgate_sessions{realm="realm1",authrole="user"}')).toBe(1);
    expect(seen.get('wampgate_half_open{transport="0:websocket"}')).toBe(0);
    expect(seen.get('wampgate_messages_total{transport="0:websocket",direction="received"}')).toBe(3);
    expect(seen.get('wampgate_messages_total{transport="0:websocket",direction="sent"}')).toBe(3);
    expect(seen.get('wampgate_bytes_total{transport="0:websocket",direction="sent"}')).toBeGreaterThan(100);
    expect(seen.get('wampgate_limits_hit_total{limit="max-connections"}')).toBe(0);
    expect(seen.has("nodejs_eventloop_lag_p99_seconds")).toBe(true);
    client.socket.terminate();
  });

  it("makes no series of what a client chooses", async () => {
    const names = async (): Promise<string[]> =>
      [...(await scrape(pageOf(running))).keys()].filter((name) => name.startsWith("wampgate_"));
    await login("first", "odd0");
    const before = await names();
    for (let i = 1; i < 6; i++) await login(`user${i}`, `odd${i}`);
    const stranger = await connectRaw(running.url);
    stranger.hello({ realm: "com.odd.realm", authid: "odd", authmethods: ["odd"] });
    await stranger.aborted();
    const after = await names();
    expect(after.filter((name) => /odd|user\d/.test(name))).toEqual([]);
    expect(after.filter((name) => !before.includes(name))).toEqual([
      'wampgate_logins_total{method="none",strategy="none",outcome="wamp.error.no_matching_auth_method"}',
    ]);
    const seen = await scrape(pageOf(running));
    expect(seen.get('wampgate_logins_total{method="ticket",strategy="dynamic",outcome="other"}')).toBe(6);
    expect(seen.get('wampgate_authenticator_call_duration_seconds_count{outcome="error"}')).toBe(6);
  });

  it("answers at its path alone, and to GET and HEAD", async () => {
    const page = pageOf(running);
    expect((await fetch(new URL("/", page))).status).toBe(404);
    expect((await fetch(page, { method: "POST" })).status).toBe(405);
    expect(await (await fetch(page, { method: "HEAD" })).text()).toBe("");
  });
});

it("its listener ends with the router", async () => {
  const running = await start({ port: 0 });
  const page = pageOf(running);
  await scrape(page);
  await running.close();
  await expect(fetch(page)).rejects.toThrow("fetch failed");
});

it("a port that is taken stops the start, and says so", async () => {
  const other = createServer();
  await once(other.listen(0, "127.0.0.1"), "listening");
  const { port } = other.address() as { port: number };
  await expect(start({ port })).rejects.toThrow(/@wampgate\/metrics.*EADDRINUSE/s);
  other.close();
});

it("an option that is wrong is a problem of the config", async () => {
  await expect(start({ port: "many" })).rejects.toThrow(`plugins[${OFFICIAL.length}][1].port`);
});
