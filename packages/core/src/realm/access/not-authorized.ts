import type { Action } from "../../contract/authorization.ts";
import { WampError, withoutStack } from "../../errors/wamp-error.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
import { excerpt } from "../../wamp/excerpt.ts";
import type { Ruling } from "./permissions.ts";

/** What was denied, and by what. */
export interface Denial {
  readonly action: Action;
  readonly uri: string;
  /** What denied it, for the log: a rule, an authorizer, a plugin, or `no rule`. The client does not learn it. */
  readonly rule: string;
}

export function denialOf({ action, uri }: Pick<Denial, "action" | "uri">, { by = "no rule" }: Ruling): Denial {
  return { action, uri, rule: by };
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
