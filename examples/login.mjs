// Logs in with autobahn-js, a third-party client, and gives a promise instead of callbacks.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
export const autobahn = require("autobahn");
const nacl = require("tweetnacl");

// autobahn-js warns about every closed connection, but these examples close connections on purpose.
require("autobahn/lib/log.js").warn = () => undefined;

// It also prints each error that a procedure raises, but an authenticator raises one to refuse a client.
const on_user_error = (error) => {
  if (!(error instanceof autobahn.Error)) console.error(error);
};

/** The URL of the example's router. */
export const url = process.env.URL ?? "ws://127.0.0.1:8080/ws";

/** A session that has joined. Rejects with `{ reason, message }` if the router refuses. */
export function login({ onchallenge, ...options }) {
  const connection = new autobahn.Connection({ url, max_retries: 0, onchallenge, on_user_error, ...options });
  return new Promise((resolve, reject) => {
    connection.onopen = (session, details) => resolve({ session, details, close: () => connection.close() });
    connection.onclose = (why, { reason, message }) => {
      reject(Object.assign(new Error(message ?? why), { reason: reason ?? why }));
      return true; // no retries
    };
    connection.open();
  });
}

/** Answers the challenge of the method ticket. */
export const withTicket = (ticket) => () => ticket;

/** Answers the challenge of the method wampcra, as in autobahn's documentation. */
export const withSecret =
  (secret) =>
  (_session, _method, { challenge, salt, iterations, keylen }) => {
    const { derive_key: derive, sign } = autobahn.auth_cra;
    return sign(salt === undefined ? secret : derive(secret, salt, iterations, keylen), challenge);
  };

/**
 * What a login by the method cryptosign needs: HELLO's authextra, and what answers the challenge.
 *
 * @param privateKey as `wampgate keygen` makes it
 * @param authextra more of it: `challenge`, 32 bytes that the router must sign
 */
export function withKey(privateKey, authextra = {}) {
  const { sign_challenge: sign, public_key: publicKey } = autobahn.auth_cryptosign;
  const pkey = nacl.sign.keyPair.fromSeed(Buffer.from(privateKey, "hex"));
  return {
    authmethods: ["cryptosign"],
    authextra: { pubkey: publicKey(pkey), ...authextra },
    onchallenge: (_session, _method, extra) => sign(pkey, extra),
  };
}

/** Runs one step of an example, and prints its result. A result other than `expected` fails the example. */
export async function show(what, expected, attempt) {
  const outcome = await attempt().catch((error) => `refused, ${error.reason ?? error.error ?? error.message}`);
  const right = outcome === expected;
  console.log(`${what}: ${outcome}${right ? "" : `   <- expected: ${expected}`}`);
  if (!right) process.exitCode = 1;
}

/** Logs in and out again, and says who the client was. */
export async function joined(options) {
  const { details, close } = await login(options);
  const { realm, authid, authrole, authextra } = details;
  const extra = Object.keys(authextra).length === 0 ? "" : `, welcome data ${JSON.stringify(authextra)}`;
  close();
  return `joined ${realm} as ${authid}, role ${authrole}${extra}`;
}
