import {
  accepted,
  type Assignment,
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

/**
 * Reads an authenticator's result: a role as a string, or a dictionary with `realm`, `authid`, `role`, `extra` and what
 * the method needs (Crossbar's rule; unknown keys are ignored).
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
  const { realm, authid, role, extra, ...rest } = answer;
  const assignment: Assignment = {
    ...("realm" in answer ? { realm: name("realm", realm) } : {}),
    ...("authid" in answer ? { authid: name("authid", authid) } : {}),
    ...("role" in answer ? { role: name("role", role) } : {}),
    ...("extra" in answer ? { extra: exact(mapping("extra", extra), raw) } : {}),
  };
  return principal(assignment, rest, query);
}

/** If the method lets a strategy check the proof, the authenticator has checked it; else it gave the credential. */
function principal(assignment: Assignment, rest: object, { method, phase }: PrincipalQuery): PrincipalAnswer {
  const verified = method.strategyMayVerify === true && phase === "authenticate";
  return verified ? accepted(assignment) : credential(rest, assignment);
}

function name(key: string, value: unknown): string | null {
  if (typeof value === "string" || value === null) return value;
  throw new BadAnswer(`its ${key} is ${kindOf(value)}, expected a string`);
}

function mapping(key: string, value: unknown): Record<string, unknown> | null {
  if (value === null || isDict(value)) return value;
  throw new BadAnswer(`its ${key} is ${kindOf(value)}, expected a dictionary`);
}

/** The `extra` of the answer as the bytes that came, so that every digit reaches the client. */
function exact(
  extra: Record<string, unknown> | null,
  raw: (CallOutcome & { kind: "result" })["raw"],
): NonNullable<Assignment["extra"]> | null {
  return extra === null ? null : (raw?.()?.get(0)?.get(0)?.get("extra") ?? extra);
}
