import { randomBytes } from "node:crypto";
import {
  accept,
  assignmentsIn,
  type AuthMethod,
  challenge,
  credential,
  defineMethod,
  deny,
  ErrorUri,
  findIn,
  type LoginAttempt,
  principalFields,
  Secret,
  type Verdict,
  z,
} from "@wampgate/core";
import { bytesOf } from "./base64.ts";
import { type Binding, bindingFor, boundBy, unbindableAt } from "./channel-binding.ts";
import { clientHalf } from "./client.ts";
import { checkScram, credentialSchema, type ScramFields, scramFields, weakness } from "./credential.ts";
import { decoyOf, type Models, modelsOf } from "./decoy.ts";
import { challengeExtra, type Dialect } from "./dialect.ts";
import type { Options } from "./options.ts";
import { authMessage, type Exchange, isProof, serverSignature } from "./signatures.ts";

const NOT_PREPARED = "the authid has characters that SASLprep (RFC 4013) does not allow";

const NONCE = { least: 8, most: 256 };

/** Of the router's own nonce: more than anybody can guess, and no padding in base64. */
const NONCE_BYTES = 18;

const principal = z.strictObject({ ...scramFields, ...principalFields }).superRefine(checkScram);
export const block = z.strictObject({
  principals: z.record(z.string(), principal).describe("who may log in, by authid"),
});
type Principals = z.output<typeof block>["principals"];

/** A prepared block: each principal with its keys, and the models of decoys, both hidden from prints. */
interface Block {
  readonly principals: Readonly<Record<string, Principal>>;
  readonly models: Secret<Models>;
}

interface Principal extends Omit<Principals[string], keyof ScramFields> {
  readonly fields: Secret<ScramFields>;
}

/** The state from CHALLENGE to AUTHENTICATE. */
interface Challenged {
  readonly exchange: Omit<Exchange, "binding">;
  readonly channel: Binding | null;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** What HELLO has for the exchange. */
interface Said extends Pick<Exchange, "name" | "clientNonce"> {
  /** The channel binding that it asks for. */
  readonly channel: Binding | null;
}

/** Makes one of the two methods. */
export function scramMethod(dialect: Dialect, options: Options): AuthMethod {
  const hopelessness =
    options["channel-binding"] === "required" && !dialect.binds
      ? `channel-binding is required, which ${dialect.method} has not, so that its logins fail: use wamp-scram`
      : undefined;
  return defineMethod({
    name: dialect.method,
    at: "hello",
    credential: credentialSchema,
    static: {
      schema: block,
      async prepare({ principals }: { principals: Principals }): Promise<Block> {
        const entries = Object.entries(principals).map(([authid, own]) => [authid, principalOf(own)] as const);
        const models = await modelsOf(Object.values(principals));
        return { principals: Object.fromEntries(entries), models: new Secret(models) };
      },
      find(query, { principals, models }: Block) {
        const answer = findIn(principals, query, ({ fields }) => fields.reveal());
        // A known authid also costs the work of a decoy: otherwise the timing would show that it is known.
        if (answer.kind !== "unknown") decoyOf(query.authid, [models.reveal()]);
        return answer;
      },
      assignments({ principals }: Block) {
        const warnings = Object.entries(principals).map(([authid, { fields }]) => {
          if (hopelessness !== undefined) return hopelessness;
          return dialect.name(authid) === null ? `its logins fail: ${NOT_PREPARED}` : weakness(fields.reveal());
        });
        return assignmentsIn("principals", principals).map((own, i) => ({ ...own, warning: warnings[i] }));
      },
      secrets: ["stored-key"],
    },
    unusableAt: (endpoint) => unbindableAt(endpoint, dialect, options),
    client: clientHalf(dialect),

    async challenge(attempt) {
      // All that is wrong in HELLO itself is told before anything is looked up: it is the same for every authid.
      const said = saidBy(attempt, dialect, options);
      if ("kind" in said) return said;
      const { name, clientNonce, channel } = said;
      const { credential: own } = await attempt.resolvePrincipal();
      const nonce = clientNonce + randomBytes(NONCE_BYTES).toString("base64");
      const { storedKey, serverKey, salt, kdf } = own;
      const exchange = { name, clientNonce, nonce, salt: salt.toString("base64"), iterations: kdf.iterations };
      const state = { exchange, channel, storedKey, serverKey } satisfies Challenged;
      return challenge(challengeExtra(dialect, nonce, own), { state });
    },

    authenticate(_attempt, { signature, extra }, state) {
      const { exchange, channel, storedKey, serverKey } = state as Challenged;
      const bound = dialect.binds ? boundBy(extra, channel) : null;
      if (bound === undefined || (dialect.binds && extra["nonce"] !== exchange.nonce)) return deny();
      const proof = bytesOf(signature);
      const message = authMessage({ ...exchange, binding: dialect.binding(bound) });
      if (proof?.length !== storedKey.length || !isProof(proof, storedKey, message)) return deny();
      const own = serverSignature(serverKey, message);
      // The WAMP spec's key, and the one that autobahn-python demands.
      return accept({ extra: { verifier: `v=${own}`, scram_server_signature: own } });
    },

    decoy({ authid }, blocks: readonly Block[], _defaultRoles, thens) {
      const models = blocks.map((own) => own.models.reveal());
      const { fields, then } = decoyOf(authid, models, thens);
      return credential(fields, { then });
    },
  });
}

/** What HELLO has for the exchange, or why the client is turned away. */
function saidBy(
  { authid, authextra, transport, log }: LoginAttempt,
  dialect: Dialect,
  options: Options,
): Said | Verdict {
  const nonce = authextra?.["nonce"];
  if (typeof nonce !== "string" || nonce.length < NONCE.least || nonce.length > NONCE.most || bytesOf(nonce) === null)
    return refused(`authextra.nonce must be base64 of ${NONCE.least} to ${NONCE.most} characters`);
  const binding = bindingFor({ authextra, transport }, dialect, options);
  if (binding !== null && "problem" in binding) {
    log.debug({ reason: binding.reason }, `${dialect.method}: no channel binding`);
    return refused(binding.problem);
  }
  const name = dialect.name(authid ?? "");
  if (name === null) return refused(NOT_PREPARED);
  return { name, clientNonce: nonce, channel: binding };
}

/** About the client's own HELLO. */
function refused(message: string): Verdict {
  return deny(ErrorUri.authenticationFailed, message);
}

function principalOf(own: Principals[string]): Principal {
  const { kdf, iterations, memory, salt, "stored-key": storedKey, "server-key": serverKey, ...rest } = own;
  const fields = { kdf, iterations, memory, salt, "stored-key": storedKey, "server-key": serverKey };
  return { ...rest, fields: new Secret(fields) };
}
