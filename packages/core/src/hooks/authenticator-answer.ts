import type { Assignment } from "../contract/assignment.ts";
import type { PrincipalQuery } from "../contract/method.ts";
import type { PrincipalAnswer } from "../contract/verdict.ts";
import { assignment } from "../settings/assignment.ts";
import { isDict, kindOf } from "../wamp/messages.ts";
import type { RawValue } from "../wamp/raw-value.ts";
import { accepted, credential } from "./answers.ts";

/** An authenticator's answer is not allowed. The message is for the log, and never holds a value. */
export class BadAnswer extends Error {
  override readonly name = "BadAnswer";
}

const ASSIGNED = Object.keys(assignment.shape);

/**
 * Reads the answer of an authenticator, be it a procedure, a function or a web server: a role as a string, or a dictionary
 * with what is assigned and what the method needs (Crossbar's rule; unknown keys are ignored).
 *
 * @param raw the answer as the bytes that came, if it came as bytes: from it `extra` reaches the client with every digit
 * @throws BadAnswer
 * @example readAnswer({ role: "user", secret: "…" }, query); // for wampcra: a credential, and the role
 */
export function readAnswer(answer: unknown, query: PrincipalQuery, raw?: () => RawValue | undefined): PrincipalAnswer {
  if (typeof answer === "string") return principal({ role: answer }, {}, query);
  if (!isDict(answer)) throw new BadAnswer(`it answered ${kindOf(answer)}, expected a role or a dictionary`);
  const entries = Object.entries(answer);
  const assigned = Object.fromEntries(entries.filter(([key]) => ASSIGNED.includes(key)));
  const rest = Object.fromEntries(entries.filter(([key]) => !ASSIGNED.includes(key)));
  const read = assignment.safeParse(assigned);
  if (!read.success) throw new BadAnswer(read.error.issues.map(problem).join("; "));
  return principal(exact(read.data, raw), rest, query);
}

/**
 * If the method lets a strategy check the proof, the authenticator has checked it, unless it gave what the method checks it
 * with.
 */
function principal(assigned: Assignment, rest: object, { method, phase }: PrincipalQuery): PrincipalAnswer {
  const { strategyMayVerify = false, credentialKey } = method;
  const isLeft = credentialKey !== undefined && Object.hasOwn(rest, credentialKey);
  const verified = strategyMayVerify && !isLeft && phase === "authenticate";
  return verified ? accepted(assigned) : credential(rest, assigned);
}

function problem({ path, message }: { path: PropertyKey[]; message: string }): string {
  return `its ${path.join(".")}: ${message}`;
}

function exact(assigned: Assignment, raw: (() => RawValue | undefined) | undefined): Assignment {
  const { extra } = assigned;
  if (extra === undefined || extra === null) return assigned;
  return { ...assigned, extra: raw?.()?.get("extra") ?? extra };
}
