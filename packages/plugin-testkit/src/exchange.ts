import { type ClientAnswer, Code, type SaidHello } from "@wampgate/core";
import type { FakeClient, WireMessage } from "./fake-client.ts";

/** What a client answers to CHALLENGE's extra. `round` counts from 0, `hello` is what the client's HELLO said. */
export type Prover = (
  extra: Record<string, unknown>,
  round: number,
  hello: SaidHello,
) => ClientAnswer | Promise<ClientAnswer>;

/** A CHALLENGE that came, and what was answered. */
export interface Round {
  readonly challenge: WireMessage;
  readonly proof: string;
}

/** So that a method that never comes to an end fails its test instead of keeping it busy. */
const MOST_ROUNDS = 20;

/**
 * Answers each CHALLENGE that comes, be it none or many: when a method challenges is its own affair. The message that ends
 * the exchange is left for `welcomed()` or `aborted()`.
 */
export async function answerChallenges(client: FakeClient, prove: Prover): Promise<Round[]> {
  const rounds: Round[] = [];
  for (;;) {
    const message = await client.peek();
    if (message[0] !== Code.CHALLENGE) return rounds;
    if (rounds.length === MOST_ROUNDS) throw new Error(`the method challenged more than ${MOST_ROUNDS} times`);
    const challenge = await client.next();
    const answer = await prove(challenge[2] as Record<string, unknown>, rounds.length, client.said);
    const { signature, extra } = typeof answer === "string" ? { signature: answer, extra: {} } : answer;
    rounds.push({ challenge, proof: signature });
    client.authenticate(signature, extra);
  }
}
