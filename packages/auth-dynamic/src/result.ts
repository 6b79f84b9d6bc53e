import { BadAnswer, type CallOutcome, type PrincipalAnswer, type PrincipalQuery, readAnswer } from "@wampgate/core";

/**
 * Reads an authenticator's result: one answer, and no keyword results.
 * @throws BadAnswer
 */
export function readResult(
  { args, kwargs, raw }: Omit<CallOutcome & { kind: "result" }, "kind">,
  query: PrincipalQuery,
): PrincipalAnswer {
  if (Object.keys(kwargs).length > 0) throw new BadAnswer("it answered with keyword results");
  if (args.length !== 1) throw new BadAnswer(`it answered with ${args.length} results, expected one`);
  return readAnswer(args[0], query, () => raw?.()?.get(0)?.get(0));
}
