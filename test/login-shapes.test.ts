import { createHmac, pbkdf2Sync } from "node:crypto";
import { Code } from "@wampgate/core";
import { startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { OFFICIAL } from "./support/router.ts";

// A challenge tells nobody which users exist: who sees only shapes cannot tell a real user's from a stranger's.

const ROLES = ["user", "boss", "guest"];
const REALMS = ["realm1", "realm2"].map((name) => ({
  name,
  roles: ROLES.map((role) => ({ name: role, permissions: [] })),
}));

type Block = Readonly<Record<string, unknown>> & { readonly users: Readonly<Record<string, object>> };

/** What can be seen of a challenge, less what is new each time. */
async function shapeOf({ connect }: TestRouter, authid: string | undefined): Promise<string> {
  const client = connect();
  client.hello({ authmethods: ["wampcra"], ...(authid === undefined ? {} : { authid }) });
  const [, method, extra] = await client.expect(Code.CHALLENGE);
  const { challenge, salt, ...rest } = extra as { challenge: string; salt?: string };
  const { authid: shown, nonce, session, timestamp, ...who } = JSON.parse(challenge) as Record<string, unknown>;
  client.close();
  return JSON.stringify({
    method,
    keys: Object.keys(extra as object),
    inner: Object.keys(JSON.parse(challenge) as object),
    isAsked: shown === (authid ?? null),
    lengths: [String(nonce).length, typeof session, String(timestamp).length],
    who,
    salt: salt === undefined ? null : saltShape(salt, authid ?? ""),
    ...rest,
  });
}

/** The narrowest well-known alphabet, the padding and the length. */
function saltShape(salt: string, authid: string): object {
  const named = authid !== "" && salt.includes(authid);
  const body = salt.replace(authid, "").replace(/=+$/, "");
  const alphabets = { digits: /^\d+$/, hex: /^[\da-f]+$/, HEX: /^[\dA-F]+$/, lower: /^[a-z\d]+$/, base64: /^[\w+/]+$/ };
  const alphabet = Object.entries(alphabets).find(([, pattern]) => pattern.test(body))?.[0] ?? "other";
  return { alphabet, named, padding: salt.length - salt.replace(/=+$/, "").length, length: body.length };
}

async function shapesOf(auth: Block | readonly Block[]): Promise<{ real: Set<string>; decoys: Set<string> }> {
  const running = await startTestRouter({ plugins: OFFICIAL, realms: REALMS, auth: { wampcra: auth } });
  const names = [auth].flat().flatMap(({ users }) => Object.keys(users as object));
  const [real, decoys] = [new Set<string>(), new Set<string>()];
  try {
    for (const name of names) real.add(await shapeOf(running, name));
    for (let i = 0; i < 40 * Math.max(1, names.length); i++) decoys.add(await shapeOf(running, `nobody${i}`));
  } finally {
    await running.close();
  }
  return { real, decoys };
}

const salted = (i: number, encoding: "base64" | "hex" | "base64url", more: object = {}): object => {
  const salt = pbkdf2Sync(`salt ${i}`, "", 1, 16, "sha256").toString(encoding);
  return { secret: `secret ${i}`, salt, iterations: 100, keylen: 32, role: "user", ...more };
};
const users = (...entries: object[]): Block["users"] =>
  Object.fromEntries(entries.map((entry, i) => [`user${i}`, entry]));
const block = (known: Block["users"], more: object = {}): Block => ({ type: "static", users: known, ...more });

it.each<[string, Block | Block[]]>([
  ["salts of base64, as `wampgate hash-wampcra` makes them", block(users(salted(1, "base64"), salted(2, "base64")))],
  ["salts of base64url", block(users(salted(1, "base64url"), salted(2, "base64url")))],
  ["salts of hex", block(users(salted(1, "hex"), salted(2, "hex")))],
  [
    "salts of hex in upper case",
    block(users(...[1, 2].map((i) => ({ ...salted(i, "hex"), salt: `A0C4E8${i}${i}0F`.repeat(4) })))),
  ],
  ["salts of one's own making", block(users({ ...salted(1, "hex"), salt: "pepper42" }))],
  [
    "salts that hold the authid",
    block(users(...[0, 1].map((i) => ({ ...salted(i, "hex"), salt: `salt of user${i}` })))),
  ],
  ["one salt for all", block(users(...[1, 2, 3].map((i) => ({ ...salted(i, "hex"), salt: "salt123" }))))],
  ["salts of different lengths", block(users({ ...salted(1, "hex"), salt: "salt of ann" }, salted(2, "base64")))],
  ["some users salted and some not", block(users(salted(1, "base64"), { secret: "plain", role: "boss" }))],
  [
    "iterations and keylen of their own",
    block(users(salted(1, "base64", { iterations: 7 }), salted(2, "base64", { keylen: 16 }))),
  ],
  [
    "an authid, a realm, a role and extra of their own",
    block(
      users(
        salted(1, "base64", { authid: "real-name", role: "boss" }),
        salted(2, "base64", { authid: "", realm: "realm2", extra: { a: 1 } }),
      ),
    ),
  ],
  [
    "roles by default-role, in several blocks",
    [
      block({ ann: { secret: "a" }, max: { secret: "b", role: "boss" } }, { "default-role": "user" }),
      block({ kim: { secret: "c" } }, { "default-role": "guest" }),
      block({ pia: { secret: "d" } }),
    ],
  ],
  ["one user", block(users({ secret: "plain", role: "user" }))],
])("users with %s look like strangers in the challenge, and strangers like users", async (_what, auth) => {
  const { real, decoys } = await shapesOf(auth);
  expect([...decoys].sort()).toEqual([...real].sort());
});

it("where nobody is known, everybody is challenged alike, whoever is named and where nobody is", async () => {
  const { decoys } = await shapesOf(block({}));
  expect(decoys.size).toBe(1);
  const running = await startTestRouter({ plugins: OFFICIAL, realms: REALMS, auth: { wampcra: block({}) } });
  expect([...decoys]).toEqual([await shapeOf(running, undefined)]);
  await running.close();
});

it("a static user with an authid of its own gets it in WELCOME, where the challenge had the asked one", async () => {
  const known = users({ secret: "s", role: "user", authid: "real-name" });
  const running = await startTestRouter({ plugins: OFFICIAL, realms: REALMS, auth: { wampcra: block(known) } });
  const client = running.connect();
  client.hello({ authmethods: ["wampcra"], authid: "user0" });
  const [, , extra] = await client.expect(Code.CHALLENGE);
  const { challenge } = extra as { challenge: string };
  expect(JSON.parse(challenge)).toMatchObject({ authid: "user0" });
  client.authenticate(createHmac("sha256", "s").update(challenge).digest("base64"));
  expect((await client.next())[2]).toMatchObject({ authid: "real-name" });
  await running.close();
});
