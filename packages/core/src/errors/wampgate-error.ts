import type { ErrorCode } from "./table.ts";

/**
 * An error for the operator, or for the author of a plugin or of an embedding program. Its message says what was found and
 * what to do; docs/reference/errors.md lists the codes.
 */
export class WampgateError extends Error {
  override readonly name: string = "WampgateError";
  /** What happened. It stays the same when the words of the message change. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
