import type { ClientHalf } from "@wampgate/core";
import type { FakeClient, HelloOptions } from "@wampgate/plugin-testkit";
import { clientHalf } from "../../packages/auth-scram/src/client.ts";
import { deriveKeys } from "../../packages/auth-scram/src/derive.ts";
import { CROSSBAR, type Dialect, SPEC } from "../../packages/auth-scram/src/dialect.ts";

/** Both methods, by their names. */
export const DIALECTS = { scram: CROSSBAR, "wamp-scram": SPEC } as const;
export type ScramMethod = keyof typeof DIALECTS;
export const METHODS: readonly ScramMethod[] = ["scram", "wamp-scram"];

/** A principal of a block, cheap to derive. */
export async function principalOf(dialect: Dialect, password: string, salt = "5b6d99689d12358eeca04b141236fa81") {
  const kdf = { name: "argon2id", iterations: 1, memory: 8 } as const;
  const { storedKey, serverKey } = await deriveKeys(dialect, password, Buffer.from(salt, "hex"), kdf);
  const keys = { "stored-key": storedKey.toString("hex"), "server-key": serverKey.toString("hex") };
  return { kdf: "argon2id-13", iterations: 1, memory: 8, salt, ...keys, role: "user" };
}

/** Says HELLO, with a new nonce. */
export async function greet(client: FakeClient, method: ScramMethod, more: HelloOptions = {}): Promise<void> {
  const authextra = { ...(await clientHalf(DIALECTS[method]).authextra?.("")) };
  client.hello({ authid: "joe", authmethods: [method], authextra, ...more });
}

/** What AUTHENTICATE has, for the password. */
export async function answerTo(
  method: ScramMethod,
  extra: Parameters<ClientHalf["answer"]>[0],
  password: string,
  hello: Parameters<ClientHalf["answer"]>[2],
): Promise<{ signature: string; extra: Record<string, unknown> }> {
  const answer = await clientHalf(DIALECTS[method]).answer(extra, password, hello);
  return answer as { signature: string; extra: Record<string, unknown> };
}
