import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import {
  accepted,
  BlockError,
  type BlockSurroundings,
  type Cause,
  cookiesIn,
  DENIED,
  defineStrategy,
  definePlugin,
  denied,
  ErrorUri,
  FAILED,
  type NoOptions,
  type PrincipalAnswer,
  type PrincipalQuery,
  type Strategy,
  type TransportDetails,
  unknown,
  type z,
} from "@wampgate/core";
import type { JSONWebKeySet } from "jose";
import { type Block, block } from "./block.ts";
import { assignmentOf } from "./claims.ts";
import { fetchKeys } from "./fetch-keys.ts";
import { keysOfFile, NoKeys, unfitting } from "./public-keys.ts";
import { SharedKeys } from "./shared-keys.ts";
import { BadToken, claimsToBeOf, fileKeys, type Keys, secretKeys, verified } from "./verify.ts";

/** A longer token is not looked at. */
const MOST_BYTES = 16 * 1024;

/** Of more cookies of one name only the first ones are looked at. */
const MOST_COOKIES = 4;

/** A block at work. */
interface JwtBlock {
  readonly own: Block;
  readonly keys: Keys;
  readonly issuers: readonly string[];
}

/** The strategy `jwt` of one router: JSON Web Tokens are tickets. */
export function jwtStrategy(shared = new SharedKeys()): Strategy {
  return defineStrategy<Block, JwtBlock>({
    type: "jwt",
    block,
    async check(own, { method, warn, ...surroundings }) {
      if (method !== null && readsCookies(method) !== (own.from !== undefined))
        throw new BlockError(
          ["from"],
          own.from === undefined
            ? "the method cookie reads the token from a cookie of yours: write from: cookie:<name>"
            : `tokens come from a cookie by the method cookie alone, and this block is of ${method.name}`,
        );
      if (method !== null && own.from === undefined && !takesTokens(method))
        warn(["type"], `a token is a ticket: no client can log in by ${method.name} with it; use the method ticket`);
      if (own.keys.file !== undefined) await keysIn(own, own.keys.file, surroundings);
    },
    async probe({ keys: { jwks }, algorithms }, { signal, warn }) {
      if (jwks === undefined) return undefined;
      try {
        const [unfit] = unfitting(await fetchKeys(jwks, signal), algorithms);
        if (unfit !== undefined) warn(["algorithms"], `no key that can be fetched now fits ${unfit}`);
        return "the keys can be fetched";
      } catch (error) {
        throw new BlockError(["keys", "jwks"], `the keys cannot be fetched: ${(error as Error).message}`);
      }
    },
    async open(own, { log }, { at, ...surroundings }) {
      const issuers = [own.issuer].flat();
      const { jwks, file, secret } = own.keys;
      if (secret !== undefined) return { value: { own, issuers, keys: secretKeys(secret) } };
      if (file !== undefined) return { value: { own, issuers, keys: fileKeys(await keysIn(own, file, surroundings)) } };
      const { keys: remote, giveBack } = shared.take(jwks ?? "", own, log.child({ block: at }));
      remote.warm();
      return { value: { own, issuers, keys: { kind: "remote", remote } }, close: giveBack };
    },
    applies: ({ transport }, { own, issuers }) =>
      own.from === undefined || tokensIn(transport, own.from, issuers).length > 0,
    resolve: (query, opened) => (opened.own.from === undefined ? byTicket(query, opened) : byCookie(query, opened)),
  });
}

/** Whether the proof of a method may be a token, which the strategy checks. */
function takesTokens({ strategyMayVerify, at }: PrincipalQuery["method"]): boolean {
  return strategyMayVerify === true && at === "authenticate";
}

/** Whether a method lets clients in by what their request had. */
function readsCookies({ strategyMayVerify, at }: PrincipalQuery["method"]): boolean {
  return strategyMayVerify === true && at === "hello";
}

async function byTicket({ facts, method }: PrincipalQuery, opened: JwtBlock): Promise<PrincipalAnswer> {
  const { ticket } = facts;
  if (typeof ticket !== "string" || !takesTokens(method)) return unknown();
  if (Buffer.byteLength(ticket) > MOST_BYTES) return wrong(`it is longer than ${MOST_BYTES} bytes`);
  return claimsToBeOf(ticket, opened.issuers) ? answerOf(ticket, opened) : unknown();
}

/** Of several cookies of one name a page of a parent domain may have planted some: a good one counts. */
async function byCookie({ attempt }: PrincipalQuery, opened: JwtBlock): Promise<PrincipalAnswer> {
  let answer = unknown() as PrincipalAnswer;
  for (const token of tokensIn(attempt.transport, opened.own.from ?? "", opened.issuers)) {
    answer = await answerOf(token, opened);
    if (answer.kind === "accepted") break;
  }
  return answer;
}

/** The tokens of these issuers in a cookie, as far as they say so themselves. @param from the key of the block */
function tokensIn(transport: TransportDetails, from: string, issuers: readonly string[]): string[] {
  return cookiesIn(transport, from.slice("cookie:".length))
    .filter((token) => Buffer.byteLength(token) <= MOST_BYTES && claimsToBeOf(token, issuers))
    .slice(0, MOST_COOKIES);
}

async function answerOf(token: string, { own, keys }: JwtBlock): Promise<PrincipalAnswer> {
  try {
    const assignment = assignmentOf(await verified(token, keys, own), own);
    return assignment === null ? wrong("its exp is no time") : accepted(assignment);
  } catch (error) {
    if (error instanceof BadToken) return wrong(error.message);
    if (!(error instanceof NoKeys)) throw error;
    const uri = keys.kind === "remote" ? keys.remote.url : "";
    const cause: Cause = { code: "no-keys", params: { uri, problem: error.message } };
    return denied(ErrorUri.authenticationFailed, FAILED, cause);
  }
}

/** To the client each bad token is like a wrong ticket. */
function wrong(problem: string): PrincipalAnswer {
  return denied(ErrorUri.authenticationDenied, DENIED, { code: "bad-token", params: { problem } });
}

/** @throws BlockError */
async function keysIn(
  { algorithms }: Block,
  file: string,
  { resolve }: Pick<BlockSurroundings, "resolve">,
): Promise<JSONWebKeySet> {
  const path = ["keys", "file"];
  let text: string;
  try {
    text = await readFile(resolve(file), "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new BlockError(path, code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`);
  }
  let set: JSONWebKeySet;
  try {
    set = keysOfFile(text);
  } catch (error) {
    throw error instanceof NoKeys ? new BlockError(path, error.message) : error;
  }
  const [unfit] = unfitting(set, algorithms);
  if (unfit !== undefined) throw new BlockError(["algorithms"], `no key of keys.file fits ${unfit}`);
  return set;
}

declare module "@wampgate/core" {
  interface Strategies {
    jwt: z.input<typeof block>;
  }
  interface PluginOptions {
    "@wampgate/auth-jwt": NoOptions;
  }
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

export default definePlugin({
  name: "@wampgate/auth-jwt",
  core: "^0.2.0",
  version,
  strategies: () => [jwtStrategy()],
});
