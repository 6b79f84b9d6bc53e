import type { Action } from "../contract/authorization.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import type { Message } from "../wamp/messages.ts";
import type { Dict } from "../wamp/payload.ts";
import { isPattern, isUri, MATCH_POLICIES, type UriCheck } from "../wamp/uri.ts";
import { WampError } from "../wamp/wamp-error.ts";
import type { Wish } from "./authorizer.ts";
import { word } from "./options.ts";

/** What a message needs leave for, or null where it needs none. */
export function wishOfMessage(message: Message): Wish | null {
  switch (message.type) {
    case "PUBLISH":
      return { action: "publish", uri: message.topic, options: message.options };
    case "SUBSCRIBE":
      return { action: "subscribe", uri: message.topic, options: message.options };
    case "REGISTER":
      return { action: "register", uri: message.procedure, options: message.options };
    case "CALL":
      return { action: "call", uri: message.procedure, options: message.options };
    default:
      return null;
  }
}

/**
 * Checks the URI of a wish (spec, basic/building_blocks "URIs"): patterns may be subscribed and registered, and what
 * begins with `wamp.` is the router's own to publish and to register.
 * @throws WampError `wamp.error.invalid_uri`
 */
export function checkUri({ action, uri, options }: Wish, check: UriCheck): void {
  const legal = mayBePattern(action) ? isPattern(uri, matchOf(options), check) : isUri(uri, check);
  if (!legal) throw invalidUri(action, uri, "it is no legal URI");
  const claims = action === "publish" || action === "register";
  if (claims && (uri === "wamp" || uri.startsWith("wamp.")))
    throw invalidUri(action, uri, "what begins with wamp. is the router's own");
}

function mayBePattern(action: Action): boolean {
  return action === "subscribe" || action === "register";
}

function matchOf(options: Readonly<Dict>) {
  return word(options, "match", MATCH_POLICIES, "exact");
}

function invalidUri(action: Action, uri: string, why: string): WampError {
  return new WampError(ErrorUri.invalidUri, `cannot ${action} ${JSON.stringify(uri.slice(0, 200))}: ${why}`);
}
