import type { Cause, Hello } from "@wampgate/core";

/**
 * Tells the operator why a certificate is refused, which its client never learns.
 *
 * @param problem as the end of a sentence about the certificate
 * @returns the cause of the login's end
 */
export function told({ log }: Hello, problem: string): Cause {
  log.warn({ problem }, "a client's certificate was refused");
  return { code: "bad-certificate", params: { problem } };
}
