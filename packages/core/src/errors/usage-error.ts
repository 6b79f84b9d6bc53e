import { WampgateError } from "./wampgate-error.ts";

/** The command line is wrong: exit code 2. */
export class UsageError extends WampgateError {
  override readonly name = "UsageError";

  constructor(message: string) {
    super("WG_USAGE", message);
  }
}
