import {
  accepted,
  type Assignment,
  assignment,
  type CallOutcome,
  credential,
  isDict,
  kindOf,
  type PrincipalAnswer,
  type PrincipalQuery,
} from "@wampgate/core";

/** An authenticator's answer is not allowed. The message is for the log, and never holds a value. */
export class BadAnswer extends Error {
  override readonly name = "BadAnswer";
}

const ASSIGNED = Object.keys(assignment.shape);

/**
 * Reads an authenticator's result: a role as a string, or a dictionary with what is assigned and what the method needs
 * (Crossbar's rule; unknown keys are ignored).
 * @throws BadAnswer
 */
export function readResult(
  { args, kwargs, raw }: Omit<CallOutcome & { kind: "result" }, "kind">,
  query: PrincipalQuery,
): PrincipalAnswer {
  if (Object.keys(kwargs).length > 0) throw new BadAnswer("it answered with keyword results");
  if (args.length !== 1) throw new BadAnswer(`it answered with ${args.length} results, expected one`);
  const [answer] = args;
  if (typeof answer === "string") return principal({ role: answer }, {}, query);
  if (!isDict(answer)) throw new BadAnswer(`it answered ${kindOf(answer)}, expected a role or a dictionary`);
  // Ignored, it would let in by one proof a client that needs two.
  if ("then" in answer) throw new BadAnswer("its then asks for a second factor, which this router does not know yet");
  const entries = Object.entries(answer);
  const assigned = Object.fromEntries(entries.filter(([key]) => ASSIGNED.includes(key)));
  const rest = Object.fromEntries(entries.filter(([key]) => !ASSIGNED.includes(key)));
  const read = assignment.safeParse(assigned);
  if (!read.success) throw new BadAnswer(read.error.issues.map(problem).join("; "));
  return principal(exact(read.data, raw), rest, query);
}

/** If the method lets a strategy check the proof, the authenticator has checked it; else it gave the credential. */
function principal(assigned: Assignment, rest: object, { method, phase }: PrincipalQuery): PrincipalAnswer {
  const verified = method.strategyMayVerify === true && phase === "authenticate";
  return verified ? accepted(assigned) : credential(rest, assigned);
}

function problem({ path, message }: { path: PropertyKey[]; message: string }): string {
  return `its ${path.join(".")}: ${message}`;
}

/** With the `extra` of the answer as the bytes that came, so that every digit reaches the client. */
function exact(assigned: Assignment, raw: (CallOutcome & { kind: "result" })["raw"]): Assignment {
  const { extra } = assigned;
  if (extra === undefined || extra === null) return assigned;
  return { ...assigned, extra: raw?.()?.get(0)?.get(0)?.get("extra") ?? extra };
}
