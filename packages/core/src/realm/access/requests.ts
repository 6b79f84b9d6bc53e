import type { Action } from "../../contract/authorization.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
import { excerpt } from "../../wamp/excerpt.ts";
import type { Message } from "../../wamp/messages.ts";
import type { Dict } from "../../wamp/payload.ts";
import { isPattern, isReserved, MATCH_POLICIES } from "../../wamp/uri.ts";
import { refusal, type WampError } from "../../errors/wamp-error.ts";
import type { AuthorizationRequest } from "./authorizer.ts";
import { readEnum } from "../read-options.ts";
import type { RealmOptions } from "../settings.ts";

/**
 * What a message needs a permission for; null if it needs none.
 * @throws WampError a protocol violation for an unknown match policy
 */
export function authorizationRequestOf(message: Message): AuthorizationRequest | null {
  switch (message.type) {
    case "PUBLISH":
      return { action: "publish", uri: message.topic, match: "exact", options: message.options };
    case "SUBSCRIBE":
      return patternRequest("subscribe", message.topic, message.options);
    case "REGISTER":
      return patternRequest("register", message.procedure, message.options);
    case "CALL":
      if (isOwnAffair(message.procedure)) return null;
      return { action: "call", uri: message.procedure, match: "exact", options: message.options };
    default:
      return null;
  }
}

/** Whether a procedure is for every session, and reaches nothing but the caller's own login. */
export function isOwnAffair(procedure: string): boolean {
  return procedure === "wampgate.session.renew" || procedure === "wampgate.session.challenge";
}

/**
 * Checks the URI of a request (spec, basic/building_blocks "URIs"): only SUBSCRIBE and REGISTER take patterns, and only
 * the router publishes and registers URIs that begin with `wamp.` or `wampgate.`.
 * @throws WampError `wamp.error.invalid_uri`
 */
export function checkUri({ action, uri, match }: AuthorizationRequest, options: RealmOptions): void {
  const longest = options["max-uri-length"];
  if (uri.length > longest)
    throw invalidUri(action, uri, `it has more than ${longest} characters (max-uri-length of the realm)`);
  if (!isPattern(uri, match, options["uri-check"])) throw invalidUri(action, uri, "it is not a legal URI");
  const claims = action === "publish" || action === "register";
  if (claims && isReserved(uri))
    throw invalidUri(action, uri, "what begins with wamp. or wampgate. is the router's own");
}

function patternRequest(action: Action, uri: string, options: Readonly<Dict>): AuthorizationRequest {
  return { action, uri, match: readEnum(options, "match", MATCH_POLICIES, "exact"), options };
}

function invalidUri(action: Action, uri: string, why: string): WampError {
  return refusal(ErrorUri.invalidUri, `cannot ${action} "${excerpt(uri)}": ${why}`);
}
