import { Code, type Router, type WampgateConfig } from "@wampgate/core";
import { FakeClient } from "@wampgate/plugin-testkit";
import { Party } from "./support/party.ts";
import { OFFICIAL, startRouter } from "./support/router.ts";

// An authenticator sees what every client proves itself by, and decides who it is; an authorizer decides what a session
// may do. A session registers one of them only by an exact rule that names its URI. Keeps the row of docs/guides/crossbar.md "the
// router's own calls may be answered by a pattern registration".

const GUARDED = "com.example.guarded";
const EXACT = { uri: GUARDED, match: "exact", allow: { register: true } };
const all = { call: true, register: true, publish: true, subscribe: true };

/** Rules that reach over the guarded URI, none of them exact. */
const BROAD_ROLES = {
  "allow-by-default": { "allow-by-default": true },
  "a prefix rule for everything": { permissions: [{ uri: "", match: "prefix", allow: all }] },
  "a prefix rule": { permissions: [{ uri: "com.example.", match: "prefix", allow: all }] },
  "a wildcard rule": { permissions: [{ uri: "com..guarded", match: "wildcard", allow: all }] },
  "Crossbar's star": { permissions: [{ uri: "com.*", allow: all }] },
} as const;

/** Patterns that reach over the guarded URI. */
const PATTERNS = [
  { match: "prefix", uri: "" },
  { match: "prefix", uri: "com.example." },
  { match: "prefix", uri: "com.example.guarde" },
  { match: "prefix", uri: GUARDED },
  { match: "wildcard", uri: "com..guarded" },
  { match: "wildcard", uri: ".." },
  { match: "wildcard", uri: GUARDED },
] as const;

const KINDS = ["authenticator", "authorizer"] as const;
type Kind = (typeof KINDS)[number];
type Moment = "before it starts" | "after it left" | "while logins wait for it" | "after a reload that names it";

const MOMENTS: Record<Kind, readonly Moment[]> = {
  authenticator: ["before it starts", "after it left", "while logins wait for it", "after a reload that names it"],
  authorizer: ["before it starts", "after it left", "after a reload that names it"],
};
const HOMES: Record<Kind, readonly (string | null)[]> = { authenticator: ["realm1", null], authorizer: ["realm1"] };

/** What is told where it is not there to decide. */
const UNDECIDED = {
  authenticator: "wamp.error.authentication_failed",
  authorizer: "wamp.error.authorization_failed",
} as const;

interface Setting {
  readonly kind: Kind;
  readonly moment: Moment;
  /** The role that tries: rules that reach over the guarded URI, none of them exact. */
  readonly broad: object;
  /** Where the authenticator is called: null for the realm in HELLO. */
  readonly home: string | null;
}

/** A router with one realm, so that it is also the realm in HELLO. @param named the URI that the config guards */
function configOf({ kind, moment, broad, home }: Setting, named = GUARDED): WampgateConfig {
  const principals = {
    mallory: { ticket: "t", role: "broad" },
    right: { ticket: "t", role: "right" },
    asked: { ticket: "t", role: "asked" },
  };
  const dynamic = {
    type: "dynamic",
    authenticator: named,
    ...(home === null ? {} : { "authenticator-realm": home }),
    ...(moment === "while logins wait for it" ? { wait: 100 } : {}),
  };
  const isAuthenticator = kind === "authenticator";
  const asked = { name: "asked", ...(isAuthenticator ? { "allow-by-default": true } : { authorizer: named }) };
  const roles = [asked, { name: "broad", ...broad }, { name: "right", permissions: [EXACT] }];
  const config = {
    plugins: OFFICIAL,
    realms: [{ name: "realm1", roles }],
    transports: [
      { type: "memory", auth: { ticket: [{ type: "static", principals }, ...(isAuthenticator ? [dynamic] : [])] } },
    ],
  };
  return config as unknown as WampgateConfig;
}

const clients: FakeClient[] = [];

/** The clients hang up first, since none of them answers GOODBYE by itself. */
async function close(router: Router): Promise<void> {
  for (const client of clients.splice(0)) client.close();
  await router.close();
}

async function login(router: Router, authid: string): Promise<FakeClient> {
  const client = new FakeClient(router.connect());
  clients.push(client);
  client.hello({ authid, authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  client.authenticate("t");
  return client;
}

async function join(router: Router, authid: string): Promise<Party> {
  const client = await login(router, authid);
  return new Party(client, await client.welcomed());
}

/** The URI with which something is refused that the guarded procedure has to decide. */
async function refusal(router: Router, kind: Kind): Promise<string> {
  if (kind === "authenticator") return (await (await login(router, "stranger")).aborted()).reason;
  const asked = await join(router, "asked");
  asked.call("com.other.procedure");
  return (await asked.error()).uri;
}

/** Registers all patterns that its role lets it. @returns how many these are */
async function registerPatterns(mallory: Party): Promise<number> {
  let count = 0;
  for (const { match, uri } of PATTERNS) {
    mallory.request(Code.REGISTER, { match }, uri);
    if ((await mallory.client.next())[0] === Code.REGISTERED) count++;
  }
  return count;
}

const cases = KINDS.flatMap((kind) =>
  MOMENTS[kind].flatMap((moment) =>
    Object.entries(BROAD_ROLES).flatMap(([rule, broad]) =>
      HOMES[kind].map((home) => ({ kind, moment, rule, broad, home })),
    ),
  ),
);

describe.each(cases)("the $kind, $moment, called in $home", ({ rule, ...setting }) => {
  it(`is nobody who has ${rule}: neither by a pattern nor by its URI`, async () => {
    const { kind, moment } = setting;
    const isReloaded = moment === "after a reload that names it";
    const { router } = await startRouter({ ...configOf(setting, isReloaded ? "com.other.one" : GUARDED) });
    try {
      if (moment === "after it left") {
        const right = await join(router, "right");
        await right.register(GUARDED);
        await right.leave();
      }
      const mallory = await join(router, "mallory");
      expect(await registerPatterns(mallory)).toBeGreaterThan(0);
      if (isReloaded) await router.reload(configOf(setting));
      for (const code of [Code.REGISTER, Code.CALL]) {
        mallory.request(code, {}, GUARDED);
        expect((await mallory.error()).uri).toBe("wamp.error.not_authorized");
      }
      expect(await refusal(router, kind)).toBe(UNDECIDED[kind]);
      // The next message is the answer to this, and no INVOCATION.
      mallory.request(Code.PUBLISH, { acknowledge: true }, "com.example.topic");
      expect([Code.PUBLISHED, Code.ERROR]).toContain((await mallory.client.next())[0]);
    } finally {
      await close(router);
    }
  });
});

it("a pattern that covers the router's own procedures never gets a call of one, there or not", async () => {
  const everything = { name: "broad", "allow-by-default": true };
  const setting = { kind: "authenticator", moment: "before it starts", broad: everything, home: "realm1" } as const;
  const { router } = await startRouter({ ...configOf(setting) });
  try {
    const [mallory, asked] = [await join(router, "mallory"), await join(router, "asked")];
    for (const { match, uri } of [
      ...PATTERNS,
      { match: "prefix", uri: "wam" },
      { match: "wildcard", uri: ".session." },
    ])
      await mallory.register(uri, { match });
    for (const uri of ["wamp.session.nothing", "wampgate.session.nothing", "wampgate"]) {
      asked.call(uri);
      expect((await asked.error()).uri).toBe("wamp.error.no_such_procedure");
      expect(await asked.ask("wamp.registration.match", [uri])).toBeNull();
    }
    for (const uri of ["wamp.x", "wampgate.x", "wamp", "wampgate"]) {
      mallory.request(Code.REGISTER, {}, uri);
      expect((await mallory.error()).uri).toBe("wamp.error.invalid_uri");
    }
    expect(await asked.ask("wamp.registration.match", [GUARDED])).toBeNull();
    asked.call("wampgates.own");
    expect((await mallory.invocation()).details).toEqual({ procedure: "wampgates.own" });
  } finally {
    await close(router);
  }
});
