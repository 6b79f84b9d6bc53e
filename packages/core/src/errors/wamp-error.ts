import type { ErrorCode } from "./table.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import type { PayloadValues } from "../wamp/payload.ts";

const BRAND = Symbol.for("wampgate.WampError");

/**
 * An error that goes to a client: its URI and, if there is one, a message or arguments. It holds no secrets.
 *
 * @example throw new WampError("com.example.error.out_of_stock", "no blue ones left");
 */
export class WampError extends Error {
  override readonly name: string = "WampError";
  readonly [BRAND] = true;
  /** The code that all errors of this class have: `uri` tells them apart. */
  readonly code = "WG_WAMP" satisfies ErrorCode;
  /** The error URI the peer sees. */
  readonly uri: string;
  /** What goes with the URI in an ERROR message; by default the message alone. */
  readonly payload: PayloadValues;

  constructor(uri: string, message?: string, payload?: PayloadValues) {
    super(message ?? uri);
    this.uri = uri;
    this.payload = payload ?? (message === undefined ? {} : { args: [message] });
  }

  // The property names of autobahn.Error, for code that was written for autobahn-js.
  get error(): string {
    return this.uri;
  }
  get args(): readonly unknown[] {
    return this.payload.args ?? [];
  }
  get kwargs(): Readonly<Record<string, unknown>> {
    return this.payload.kwargs ?? {};
  }

  /** Whether `value` is a WampError, of any copy of this package. */
  static is(value: unknown): value is WampError {
    return typeof value === "object" && value !== null && BRAND in value;
  }
}

/**
 * An error that answers one message of a client, without a stack: to collect one takes longer than all else that a refused
 * message costs, and a client can send many.
 */
export function refusal(uri: string, message: string): WampError {
  return withoutStack(() => new WampError(uri, message));
}

/** Runs `make` so that the errors it creates have no stack. */
export function withoutStack<T>(make: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** A peer sent a message whose lists and dictionaries stand deeper in each other than is let in. */
export class TooDeep extends WampError {
  constructor(maxDepth: number) {
    super(ErrorUri.protocolViolation, `the message nests more than ${maxDepth} levels deep`);
  }
}

/** A peer sent a message with more values than allowed. */
export class TooManyValues extends WampError {
  constructor(maxValues: number) {
    super(ErrorUri.protocolViolation, `the message holds more than ${maxValues} values (max-values)`);
  }
}

/** A peer broke the protocol: ABORT with this text, then close. */
export function protocolViolation(message: string): WampError {
  return new WampError(ErrorUri.protocolViolation, message);
}
