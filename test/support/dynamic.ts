import { Code, type Component, type LocalSession } from "@wampgate/core";
import { type CapturedLog, type FakeClient, startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { OFFICIAL } from "./router.ts";

export const AUTHENTICATOR = "com.example.authenticate";

type Authenticator = (realm: string | null, authid: string | null, details: Record<string, unknown>) => unknown;

const everything = { "allow-by-default": true };

export const REALMS = [
  {
    name: "realm-auth",
    roles: [
      { name: "authenticator", permissions: [{ uri: AUTHENTICATOR, allow: { register: true } }] },
      { name: "user", ...everything },
    ],
  },
  {
    name: "realm1",
    roles: [
      { name: "user", ...everything },
      { name: "user2", ...everything },
    ],
  },
  { name: "realm2", roles: [{ name: "user2", ...everything }] },
];

/** A component that answers as `authenticate`. */
export function authenticatorOf(authenticate: Authenticator): Component {
  return async (session: LocalSession) => {
    await session.register(AUTHENTICATOR, ([realm, authid, details]) =>
      authenticate(realm as string | null, authid as string | null, details as Record<string, unknown>),
    );
  };
}

/** A block of `type: dynamic`. */
export const dynamicBlock = { type: "dynamic", authenticator: AUTHENTICATOR, "authenticator-realm": "realm-auth" };

/** A router in memory whose logins `authenticate` decides: ticket, wampcra, cryptosign, scram, tls and anonymous. Null: nobody is there to. */
export function startDynamic(authenticate: Authenticator | null, block: object = {}): Promise<TestRouter> {
  const dynamic = { ...dynamicBlock, ...block };
  return startTestRouter({
    plugins: OFFICIAL,
    realms: REALMS,
    auth: { ticket: dynamic, wampcra: dynamic, cryptosign: dynamic, scram: dynamic, tls: dynamic, anonymous: dynamic },
    components:
      authenticate === null
        ? []
        : [{ module: authenticatorOf(authenticate), realm: "realm-auth", role: "authenticator" }],
  });
}

/** Runs `use` with such a router, and closes it. */
export async function withDynamic<T>(
  authenticate: Authenticator | null,
  use: (router: TestRouter) => Promise<T>,
  block: object = {},
): Promise<T> {
  const router = await startDynamic(authenticate, block);
  try {
    return await use(router);
  } finally {
    await router.close();
  }
}

/** Says HELLO, and answers a ticket's CHALLENGE. */
export async function byTicket(
  { connect }: TestRouter,
  hello: Parameters<FakeClient["hello"]>[0] = {},
  ticket = "secret",
): Promise<FakeClient> {
  const client = connect();
  client.hello({ authid: "joe", authmethods: ["ticket"], ...hello });
  await client.expect(Code.CHALLENGE);
  client.authenticate(ticket);
  return client;
}

/** What a login by ticket ends in, when the authenticator answers as `authenticate`. */
export async function outcomeOf(
  authenticate: Authenticator | null,
  hello: Parameters<FakeClient["hello"]>[0] = {},
  block: object = {},
): Promise<{ end: Record<string, unknown>; log: CapturedLog }> {
  return withDynamic(
    authenticate,
    async (router) => {
      const client = await byTicket(router, hello);
      const message = await client.next();
      if (message[0] === Code.WELCOME) return { end: message[2] as Record<string, unknown>, log: router.log };
      await client.closed;
      const details = message[1] as { message?: string };
      return { end: { reason: message[2], message: details.message }, log: router.log };
    },
    block,
  );
}
