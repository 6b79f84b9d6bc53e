import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import {
  accepted,
  BlockError,
  type BlockSurroundings,
  type Cause,
  DENIED,
  defineStrategy,
  definePlugin,
  denied,
  ErrorUri,
  type NoOptions,
  type PrincipalAnswer,
  type PrincipalQuery,
  type Strategy,
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

const FAILED = "the login could not be decided; the router's log says why";

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
      if (method !== null && !takesTokens(method))
        warn(["type"], `a token is a ticket: no client can log in by ${method.name} with it; use the method ticket`);
      if (own.keys.file !== undefined) await keysIn(own, own.keys.file, surroundings);
    },
    async probe({ keys: { jwks } }, { signal }) {
      if (jwks === undefined) return;
      await fetchKeys(jwks, signal).catch((error: unknown) => {
        throw new BlockError(["keys", "jwks"], `the keys cannot be fetched: ${(error as Error).message}`);
      });
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
    resolve: (query, opened) => answerOf(query, opened),
  });
}

/** Whether the proof of a method may be a token, which the strategy checks. */
function takesTokens({ strategyMayVerify, at }: PrincipalQuery["method"]): boolean {
  return strategyMayVerify === true && at === "authenticate";
}

async function answerOf({ facts, method }: PrincipalQuery, { own, issuers, keys }: JwtBlock): Promise<PrincipalAnswer> {
  const { ticket } = facts;
  if (typeof ticket !== "string" || !takesTokens(method)) return unknown();
  if (Buffer.byteLength(ticket) > MOST_BYTES) return wrong(`it is longer than ${MOST_BYTES} bytes`);
  if (!claimsToBeOf(ticket, issuers)) return unknown();
  try {
    const assignment = assignmentOf(await verified(ticket, keys, own), own);
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
