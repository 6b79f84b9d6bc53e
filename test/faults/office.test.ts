import { Code } from "@wampgate/core";
import { logIn } from "../support/light-client.ts";
import { mib, report } from "../support/load.ts";
import { Party } from "../support/party.ts";
import { RouterProcess } from "../support/router-process.ts";

// An office: all of its people come from one address, at the same moment, and the authenticator is slow.

const PEOPLE = 3000;
const URI = "com.example.authenticate";

const config = {
  plugins: ["@wampgate/auth-ticket", "@wampgate/auth-dynamic"],
  realms: [
    { name: "realm-auth", roles: [{ name: "authenticator", permissions: [{ uri: URI, allow: { register: true } }] }] },
    { name: "realm1", roles: [{ name: "user", "allow-by-default": true }] },
  ],
  transports: [
    {
      type: "websocket",
      endpoint: { type: "tcp", port: 0 },
      auth: {
        ticket: [
          { type: "static", principals: { authenticator: { ticket: "its own ticket", role: "authenticator" } } },
          { type: "dynamic", authenticator: URI, "authenticator-realm": "realm-auth", timeout: 30_000 },
        ],
      },
    },
  ],
};

async function authenticator(url: string): Promise<Party> {
  const login = {
    realm: "realm-auth",
    authmethod: "ticket",
    authid: "authenticator",
    secret: "its own ticket",
  } as const;
  const { client, answer } = await logIn(url, login);
  expect(answer[0]).toBe(Code.WELCOME);
  return new Party(client, { session: answer[1] as number, details: answer[2] });
}

it(`${PEOPLE} people behind one address, whose logins all wait for the authenticator, all get in`, async () => {
  const router = await RouterProcess.start(config);
  const decider = await authenticator(router.url);
  await decider.register(URI);
  const logins = Array.from({ length: PEOPLE }, async (_, i) => {
    const login = { authmethod: "ticket" as const, authid: `user${i}`, secret: "a ticket" };
    const { client, answer } = await logIn(router.url, login, { from: "127.0.0.2" });
    client.close();
    await client.closed;
    return answer[0];
  });
  const asked: number[] = [];
  while (asked.length < PEOPLE) asked.push((await decider.invocation()).id);
  const { used, rss } = await router.memory();
  for (const id of asked) decider.yield(id, {}, ["user"]);
  const answers = await Promise.all(logins);
  expect(answers.filter((code) => code === Code.WELCOME)).toHaveLength(PEOPLE);
  expect(router.log).toEqual([]);
  report(`${PEOPLE} logins at once from one address: all in; while they waited ${mib(used)} in use, RSS ${mib(rss)}`);

  expect(await router.stop()).toBe(0);
}, 60_000);
