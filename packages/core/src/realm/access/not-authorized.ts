import { WampError, withoutStack } from "../../errors/wamp-error.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
import { excerpt } from "../../wamp/excerpt.ts";
import type { AuthorizationRequest } from "./authorizer.ts";
import type { Decider, Ruling } from "./permissions.ts";

type Request = Pick<AuthorizationRequest, "action" | "uri" | "match">;

/** What was denied, and by what. The client does not learn that. */
export interface Denial extends Request {
  readonly by: Decider;
}

const NO_RULE: Decider = { by: "no-rule", text: "no rule" };

export function denialOf({ action, uri, match }: Request, { by = NO_RULE }: Ruling): Denial {
  return { action, uri, match, by };
}

/** The refusal of a request that is not allowed. */
export class NotAuthorized extends WampError {
  readonly denial: Denial;

  constructor(denial: Denial, message: string) {
    super(ErrorUri.notAuthorized, message);
    this.denial = denial;
  }
}

/** The refusal of a request. @param why what the client learns beside that */
export function notAuthorized(denial: Denial, why = ""): NotAuthorized {
  const { action, uri } = denial;
  return denied(denial, `not authorized to ${action} ${excerpt(uri)}${why}`);
}

/** As `notAuthorized`, with a text of its own. */
export function denied(denial: Denial, message: string): NotAuthorized {
  return withoutStack(() => new NotAuthorized(denial, message));
}
