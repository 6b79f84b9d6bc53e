import { createRequire } from "node:module";
import { createHmac, randomBytes } from "node:crypto";
import {
  accept,
  assignmentsIn,
  challenge,
  Secret,
  constantTimeEqual,
  credential,
  defineMethod,
  definePlugin,
  deny,
  findIn,
  principalFields,
  z,
  type NoOptions,
} from "@wampgate/core";
import { hashPassword } from "./hash-command.ts";
import { decoySecret, type Models, modelsOf } from "./decoy.ts";
import {
  checkSecret,
  deriveKey,
  hopelessness,
  type Salting,
  type SecretFields,
  secretFields,
  secretOf,
} from "./secret.ts";

export { deriveKey, type Salting };

const user = z.strictObject({ ...secretFields, ...principalFields }).superRefine(checkSecret);
const block = z.strictObject({ users: z.record(z.string(), user).describe("who may log in, by authid") });
type Users = z.output<typeof block>["users"];

/** A prepared block: each user with its key, and the models of decoys, both hidden from prints. */
interface Block {
  readonly users: Readonly<Record<string, User>>;
  readonly models: Secret<Models>;
}

interface User extends Omit<Users[string], keyof SecretFields> {
  readonly fields: Secret<SecretFields>;
}

/** The state from CHALLENGE to AUTHENTICATE. */
interface Expected {
  readonly signature: string;
}

/** The method `wampcra`: the client signs a challenge with a key that is never sent (spec, advanced/authentication). */
export const wampcra = defineMethod({
  name: "wampcra",
  at: "hello",
  proof: "signature",
  credential: z.object(secretFields).superRefine(checkSecret),
  static: {
    schema: block,
    prepare: async ({ users }: { users: Users }): Promise<Block> => {
      const derived = await withKeys(users);
      const models = new Secret(await modelsOf(derived));
      const entries = Object.entries(derived).map(([authid, own]) => [authid, userOf(own)] as const);
      return { users: Object.fromEntries(entries), models };
    },
    find(query, { users, models }: Block) {
      const answer = findIn(users, query, (user) => user.fields.reveal());
      // A known authid also costs the work of a decoy: otherwise the timing would show that it is known.
      if (answer.kind !== "unknown") decoySecret(query.authid, [models.reveal()]);
      return answer;
    },
    assignments({ users }: Block) {
      const warnings = Object.values(users).map(({ fields }) => hopelessness(fields.reveal()));
      return assignmentsIn("users", users).map((assignment, i) => ({ ...assignment, warning: warnings[i] }));
    },
    secrets: ["secret", "password"],
  },

  client: {
    async answer({ challenge: text, ...salting }, secret) {
      const key = salting["salt"] === undefined ? secret : await deriveKey(secret, salting as unknown as Salting);
      return createHmac("sha256", key).update(String(text)).digest("base64");
    },
  },

  async challenge(attempt) {
    const found = await attempt.resolvePrincipal();
    const { key, salting } = await secretOf(found.credential);
    const { role, provider, isKept } = found.principal;
    const why = provider === "static" ? undefined : hopelessness(found.credential);
    if (why !== undefined) attempt.log.warn({ provider, authid: found.principal.authid }, `wampcra: ${why}`);
    // The own `authid` of a user that is kept here would show that the user exists: no decoy has one. An authid from
    // another strategy is used, as in Crossbar.
    const authid = isKept ? attempt.authid : found.principal.authid;
    const text = JSON.stringify({
      authid,
      authrole: role,
      authmethod: "wampcra",
      authprovider: provider,
      session: attempt.session,
      nonce: randomBytes(48).toString("base64"),
      timestamp: new Date().toISOString(),
    });
    const signature = createHmac("sha256", key).update(text).digest("base64");
    return challenge({ challenge: text, ...salting }, { state: { signature } satisfies Expected });
  },

  authenticate(_attempt, { signature }, state) {
    return constantTimeEqual((state as Expected).signature, signature) ? accept() : deny();
  },

  decoy({ authid }, blocks, defaultRoles, thens) {
    const { key, salting, role, then } = decoySecret(
      authid,
      blocks.map(({ models }) => models.reveal()),
      defaultRoles,
      thens,
    );
    return credential({ secret: key, ...salting }, { role, then });
  },
});

/** Each user with its key, so that logins need not derive it again. */
async function withKeys(users: Users): Promise<Users> {
  const entries = Object.entries(users).map(async ([authid, own]) => {
    const { password, ...rest } = own;
    const { key } = await secretOf(own);
    return [authid, password === undefined ? own : { ...rest, secret: key }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function userOf({ secret, password, salt, iterations, keylen, ...rest }: Users[string]): User {
  return { ...rest, fields: new Secret({ secret, password, salt, iterations, keylen }) };
}

declare module "@wampgate/core" {
  interface AuthMethods {
    wampcra: z.input<typeof block>;
  }
  interface PluginOptions {
    "@wampgate/auth-wampcra": NoOptions;
  }
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

export default definePlugin({
  name: "@wampgate/auth-wampcra",
  core: "^0.2.0",
  version,
  methods: [wampcra],
  commands: [hashPassword],
});
