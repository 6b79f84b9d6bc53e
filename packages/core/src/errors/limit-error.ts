import { ErrorUri } from "../wamp/error-uris.ts";
import { WampError } from "./wamp-error.ts";

/** A session asked for more than a limit of the config allows. */
export class LimitError extends WampError {
  override readonly name = "LimitError";
  /** The limit's key in the config. */
  readonly limit: string;

  constructor(limit: string, message: string) {
    super(ErrorUri.limitExceeded, message);
    this.limit = limit;
  }
}
