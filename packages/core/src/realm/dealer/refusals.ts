import { ErrorUri } from "../../wamp/error-uris.ts";
import { excerpt } from "../../wamp/excerpt.ts";
import { protocolViolation, refusal, type WampError } from "../../errors/wamp-error.ts";
import type { Member } from "../member.ts";

/**
 * The error for a message that would wait for a session that reads too slowly. It is counted, and the session stays.
 */
export function receiverBusy({ port }: Member, what: string): WampError {
  port.limited("max-buffered", `a session reads too slowly: ${what}`);
  return tryLater();
}

/** The same for a session that is counted elsewhere. */
export function tryLater(): WampError {
  return refusal(ErrorUri.receiverBusy, "too much waits for the receiver; try again later");
}

/** A callee on another node did not take the first part of a call, and the parts are not kept for another one. */
export function notTaken(procedure: string): WampError {
  return refusal(ErrorUri.noAvailableCallee, `the callee of ${excerpt(procedure)} cannot take the call now`);
}

export function inUse(request: number): WampError {
  return protocolViolation(`CALL.request ${request} is in use by a call that is not answered`);
}
