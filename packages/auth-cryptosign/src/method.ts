import { randomBytes } from "node:crypto";
import {
  accept,
  type AuthMethod,
  challenge,
  type ClientHalf,
  credential,
  defineMethod,
  deny,
  ErrorUri,
  type Verdict,
} from "@wampgate/core";
import { readAuthextra } from "./asked.ts";
import { bind, boundTo, unbindableAt } from "./channel.ts";
import { isSigned, SigningKey } from "./keys.ts";
import type { Options } from "./options.ts";
import { credentialSchema, Keys, staticPrincipals } from "./principals.ts";

/** The state from CHALLENGE to AUTHENTICATE. */
interface Expected {
  /** What the client may sign: with `tls-unique` two are right. */
  readonly messages: readonly Buffer[];
  /** Those that may have signed it: the one that HELLO named, or, if it named none, those of the principal. */
  readonly keys: readonly string[];
  /** Whether they are the principal's: others are tried too, and then denied. */
  readonly areKnown: boolean;
}

/** The key of an unknown authid whose client named none. Core denies the login, whatever it signs. */
const DECOY = new Keys(["fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"]);

/**
 * The method `cryptosign`: the client signs a challenge with a key whose public half the block or the strategy knows (spec,
 * advanced/authentication "Cryptosign-based Authentication").
 */
export function cryptosign(options: Options): AuthMethod {
  const seed = options["router-key"];
  const router = seed === undefined ? null : new SigningKey(seed);
  return defineMethod({
    name: "cryptosign",
    at: "hello",
    proof: "key or signature",
    credential: credentialSchema(router?.publicKey ?? null),
    static: staticPrincipals(router?.publicKey ?? null),
    unusableAt: (endpoint) => unbindableAt(endpoint, options),
    client,

    async challenge(attempt) {
      const asked = readAuthextra(attempt.authextra);
      if (typeof asked === "string") return malformed(asked);
      const { pubkey, binding } = asked;
      const bound = boundTo(binding, attempt.transport, options);
      if (bound.ids === null) {
        attempt.log.debug({ binding, reason: bound.reason }, "cryptosign: no channel binding");
        return malformed(bound.problem);
      }
      const found = await attempt.resolvePrincipal();
      const known = found.credential.list;
      // Principals that are kept are found by the key, too: so it is demanded of all, whether they are known or not.
      if (pubkey === null && found.principal.isKept)
        return malformed("authextra.pubkey: expected the client's Ed25519 public key, 64 hex digits");
      const nonce = randomBytes(32);
      const { ids } = bound;
      const state: Expected = {
        messages: ids.length === 0 ? [nonce] : ids.map((id) => bind(nonce, id)),
        keys: pubkey === null ? known : [pubkey],
        areKnown: pubkey === null || known.includes(pubkey),
      };
      const extra = { challenge: nonce.toString("hex"), channel_binding: binding };
      if (router === null || asked.challenge === null) return challenge(extra, { state });
      const signature = router.sign(bind(asked.challenge, ids[0]));
      return challenge({ ...extra, pubkey: router.publicKey, signature }, { state });
    },

    authenticate(_attempt, { signature }, state) {
      const { messages, keys, areKnown } = state as Expected;
      const isRight = isSigned(signature, messages, keys);
      return isRight && areKnown ? accept() : deny();
    },

    decoy: () => credential({ pubkey: DECOY }),
  });
}

/** The client's half, without a channel binding. Its secret is the private key, 64 hex digits. */
const client: ClientHalf = {
  authextra: (seed) => ({ pubkey: new SigningKey(seed).publicKey }),
  answer: (extra, seed) => new SigningKey(seed).sign(Buffer.from(String(extra["challenge"]), "hex")),
};

/** What is wrong with a client's own HELLO is the same for every authid, so that it may be told. */
function malformed(problem: string): Verdict {
  return deny(ErrorUri.authenticationFailed, problem);
}
