import { login, withTicket, withSecret } from "./support/autobahn.ts";
import { type RunningRouter, startRouter } from "./support/router.ts";

describe("a router as a user starts it", () => {
  let running: RunningRouter;
  beforeAll(async () => {
    running = await startRouter({
      realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
      auth: {
        ticket: { type: "static", principals: { joe: { ticket: "secret", role: "user" } } },
        wampcra: { type: "static", users: { joe: { secret: "secret", role: "user" } } },
      },
    });
  });
  afterAll(() => running.close());

  it.each([22, 26] as const)("lets autobahn %d log in by ticket and wampcra, call and publish", async (version) => {
    const joe = { url: running.url, realm: "realm1", authid: "joe", version };
    const first = await login({ ...joe, authmethods: ["ticket"], onchallenge: withTicket("secret") });
    const second = await login({
      ...joe,
      authmethods: ["wampcra"],
      onchallenge: withSecret("secret"),
      serializer: "msgpack",
    });
    expect(first.details).toMatchObject({
      authid: "joe",
      authrole: "user",
      authmethod: "ticket",
      authprovider: "static",
    });
    await first.session.register("com.example.add2", ([a, b]: number[]) => (a as number) + (b as number));
    await expect(second.session.call("com.example.add2", [2, 3])).resolves.toBe(5);
    const event = new Promise(
      (resolve) =>
        void first.session
          .subscribe("com.example.topic", resolve)
          .then(() => second.session.publish("com.example.topic", ["hello"])),
    );
    await expect(event).resolves.toEqual(["hello"]);
    await first.close();
    await second.close();
    expect(running.router.sessionCount).toEqual({ remote: 0, local: 0 });
  });
});
