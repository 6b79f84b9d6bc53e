import { Code } from "@wampgate/core";
import { logIn, type Login, joinLight } from "../support/light-client.ts";
import { RouterProcess } from "../support/router-process.ts";
import { addressOf, report, sizeOf } from "../support/load.ts";

const LOGINS = sizeOf(2000, 8000);

const METHODS = ["anonymous", "ticket", "wampcra"] as const;
const authids = Array.from({ length: 100 }, (_, i) => `user${i}`);
const secretOf = (authid: string): string => `secret of ${authid}`;
const accounts = <T>(block: (secret: string) => T): Record<string, T> =>
  Object.fromEntries(authids.map((authid) => [authid, block(secretOf(authid))]));

const config = {
  plugins: ["@wampgate/auth-anonymous", "@wampgate/auth-ticket", "@wampgate/auth-wampcra"],
  realms: [{ name: "realm1", roles: [{ name: "guest", "allow-by-default": true }, { name: "user" }] }],
  transports: [
    {
      type: "websocket",
      endpoint: { type: "tcp", port: 0 },
      auth: {
        anonymous: { type: "static", role: "guest" },
        ticket: { type: "static", principals: accounts((ticket) => ({ ticket, role: "user" })) },
        wampcra: { type: "static", users: accounts((secret) => ({ secret, role: "user" })) },
      },
    },
  ],
};

/** The login number `i`: of those that need a proof every third shows a wrong one. */
function loginOf(i: number): Login & { readonly isRight: boolean } {
  const authmethod = METHODS[i % METHODS.length] ?? "anonymous";
  const authid = authids[i % authids.length] ?? "";
  const isRight = authmethod === "anonymous" || i % 9 < 6;
  return { authmethod, authid, secret: isRight ? secretOf(authid) : "another's", isRight };
}

it(`of ${LOGINS} logins at once every right one is let in, and every wrong one is not`, async () => {
  const router = await RouterProcess.start(config);
  const witness = await joinLight(router.url);
  const began = performance.now();
  const outcomes = await Promise.all(
    Array.from({ length: LOGINS }, async (_, i) => {
      const login = loginOf(i);
      const { client, answer } = await logIn(router.url, login, { from: addressOf(i) });
      return { ...login, client, answer };
    }),
  );
  const ms = performance.now() - began;
  const right = outcomes.filter(({ isRight }) => isRight);
  const wrong = outcomes.filter(({ isRight }) => !isRight);
  expect(new Set(right.map(({ answer }) => answer[0]))).toEqual(new Set([Code.WELCOME]));
  expect(new Set(wrong.map(({ answer }) => answer[0]))).toEqual(new Set([Code.ABORT]));
  for (const { authmethod, authid, answer } of right) {
    const named = authmethod === "anonymous" ? { authrole: "guest" } : { authid, authrole: "user" };
    expect(answer[2]).toMatchObject({ authmethod, ...named });
  }
  expect(new Set(wrong.map(({ answer }) => answer[2]))).toEqual(new Set(["wamp.error.authentication_denied"]));
  await Promise.all(wrong.map(({ client }) => client.closed));

  witness.send(Code.CALL, 1, {}, "wamp.session.count");
  expect(await witness.next()).toEqual([Code.RESULT, 1, {}, [right.length + 1]]);
  report(`${LOGINS} logins at once: ${right.length} in, ${wrong.length} out, in ${Math.round(ms)} ms`);
  for (const { client } of right) client.close();
  expect(await router.stop()).toBe(0);
  expect(router.log.filter(({ msg }) => msg === "login refused")).toHaveLength(wrong.length);
  expect(router.log.filter(({ msg }) => msg !== "login refused")).toEqual([]);
}, 120_000);
