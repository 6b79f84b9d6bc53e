import type { MethodSettings } from "../contract/auth-settings.ts";
import type { Challenge } from "../contract/verdict.ts";
import { FAILED } from "../hooks/answers.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { clip } from "../wamp/excerpt.ts";
import type { Dict } from "../wamp/payload.ts";
import { Denial } from "./denial.ts";
import type { Factor } from "./factor.ts";
import { left, type Login, type Next } from "./login.ts";

/** AUTHENTICATE's extra may have the proof of the second factor, for clients that answer one challenge alone. */
export const SECOND_PROOF = "second_factor";

/** The spec's method that shows a secret without a challenge. */
const TICKET = "ticket";

/** How many factors a login has at most. */
const MOST_FACTORS = 3;

/** The client must answer a challenge, unless it has: its second proof may have come beside the first one. */
export function challenged(login: Login, factor: Factor, challenge: Challenge): Next {
  const { number, attempt } = factor;
  factor.state = challenge.state;
  factor.proof = null;
  if (number === 1) return login.challenged(challenge, attempt.authmethod, number);
  // Only a challenge that says nothing can be answered before it was sent.
  const isEmpty = Object.keys(challenge.extra).length === 0;
  if (isEmpty && number === 2 && login.secondProof !== null) {
    factor.answered(login.secondProof, {});
    login.secondProof = null;
    return "authenticate";
  }
  const { name, extra } = furtherChallenge(login, attempt.authmethod, isEmpty);
  return login.challenged({ ...challenge, extra: { ...challenge.extra, ...extra, factor: number } }, name, number);
}

/** As what the client is asked for a further factor. */
function furtherChallenge(
  { hello, first }: Login,
  authmethod: string,
  isEmpty: boolean,
): { name: string; extra: Dict } {
  const { authmethods } = hello;
  // Some clients know the spec's methods alone. A secret without a challenge is what they call a ticket.
  const isTicket =
    isEmpty &&
    authmethods.includes(TICKET) &&
    !authmethods.includes(authmethod) &&
    first?.attempt.authmethod !== TICKET;
  return isTicket ? { name: TICKET, extra: { authmethod } } : { name: authmethod, extra: {} };
}

/** The next factor begins, with a method of the same transport. */
export function beginNext(login: Login): Next {
  const name = left(login.due);
  const settings = login.context.auth.now.get(name);
  const problem = problemOf(name, settings, login);
  if (problem !== null) {
    const params = { method: clip(name), transport: login.context.name, problem };
    throw new Denial(ErrorUri.authenticationFailed, FAILED, { code: "no-factor", params });
  }
  login.begin(name, settings ?? null);
  return "challenge";
}

function problemOf(name: string, settings: MethodSettings | undefined, { factors }: Login): string | null {
  if (settings === undefined) return "it is not configured there";
  if (settings.method.authenticate === undefined) return "it asks for no proof";
  if (factors.some(({ attempt }) => attempt.authmethod === name)) return "it was a factor of this login already";
  return factors.length < MOST_FACTORS ? null : `a login has ${MOST_FACTORS} factors at most`;
}
