import { ErrorUri } from "../wamp/error-uris.ts";
import { Code, isDict, type MessageOf } from "../wamp/messages.ts";
import { type Dict, payloadOf, type PayloadValues } from "../wamp/payload.ts";
import { isUri } from "../wamp/uri.ts";
import { WampError } from "./wamp-error.ts";

// Clients learn of errors by these messages, and only of what is put in them here: never of a stack, or of what another
// error says.

/** What a client gets of an error. Each WampError has it. */
export interface ShownError {
  readonly uri: string;
  readonly payload: PayloadValues;
}

/** The requests that ERROR can answer. */
export type RequestType =
  "PUBLISH" | "SUBSCRIBE" | "UNSUBSCRIBE" | "CALL" | "REGISTER" | "UNREGISTER" | "INVOCATION" | "CANCEL";

/** Ends a session that has not joined, or that broke the protocol. */
export function abortMessage(reason: string, message: string | null): MessageOf<"ABORT"> {
  return { type: "ABORT", details: message === null ? {} : { message }, reason };
}

/** Ends a session that has joined. */
export function goodbyeMessage(reason: string, message?: string): MessageOf<"GOODBYE"> {
  return { type: "GOODBYE", details: message === undefined ? {} : { message }, reason };
}

/** Answers a request. */
export function errorMessage(type: RequestType, request: number, { uri, payload }: ShownError): MessageOf<"ERROR"> {
  return { type: "ERROR", requestType: Code[type], request, details: {}, error: uri, payload: payloadOf(payload) };
}

/**
 * What a caller gets of what a handler threw: a WampError, an autobahn.Error (by its shape) or a string. Null for anything
 * else: it is a crash, and its text is for the log.
 */
export function shownOf(thrown: unknown): ShownError | null {
  if (WampError.is(thrown)) return { uri: thrown.uri, payload: thrown.payload };
  if (typeof thrown === "string") return { uri: ErrorUri.runtimeError, payload: { args: [thrown] } };
  if (typeof thrown !== "object" || thrown === null) return null;
  const { error, args, kwargs } = thrown as Dict;
  if (typeof error !== "string" || !isUri(error)) return null;
  return {
    uri: error,
    payload: { args: Array.isArray(args) ? args : undefined, kwargs: isDict(kwargs) ? kwargs : undefined },
  };
}
