import { ErrorUri } from "../../wamp/error-uris.ts";
import { isDict } from "../../wamp/messages.ts";
import type { Dict, Payload, PayloadValues } from "../../wamp/payload.ts";
import { RawValue, Sayable } from "../../wamp/raw-value.ts";
import { WampError } from "../../errors/wamp-error.ts";

/**
 * Several values, or named ones. `call` resolves to it, and a handler may return it, if one plain value is not enough.
 */
export class Result {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Dict>;

  constructor(args: readonly unknown[] = [], kwargs: Readonly<Dict> = {}) {
    this.args = args;
    this.kwargs = kwargs;
  }
}

/**
 * A copy, so that no session can change what another one holds. Raw values stay as they are: nobody can change them.
 * @throws WampError `wamp.error.invalid_argument`
 */
export function copied(values: PayloadValues): PayloadValues {
  try {
    return structuredClone(values);
  } catch {
    // What holds raw values cannot be cloned, neither can a function.
  }
  try {
    return copyOf(values, new Map()) as PayloadValues;
  } catch {
    throw new WampError(ErrorUri.invalidArgument, "the payload holds a value that no message can carry, as a function");
  }
}

function copyOf(value: unknown, made: Map<object, unknown>): unknown {
  if (value instanceof RawValue || value instanceof Sayable) return value;
  if (typeof value !== "object" || value === null) return structuredClone(value);
  if (made.has(value)) return made.get(value);
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    made.set(value, list);
    for (const item of value as unknown[]) list.push(copyOf(item, made));
    return list;
  }
  if (!isDict(value)) return structuredClone(value);
  const dict: Dict = {};
  made.set(value, dict);
  for (const [key, item] of Object.entries(value)) dict[key] = copyOf(item, made);
  return dict;
}

/** As `copied`, but empty if the values cannot be copied. */
export function copiedOrNone(values: PayloadValues): PayloadValues {
  try {
    return copied(values);
  } catch {
    return {};
  }
}

/** A copy of what a message holds. */
export function valuesIn(payload: Payload | undefined): PayloadValues {
  return payload === undefined ? {} : copied(payload.values());
}

/** Positional and named values as one payload. */
export function valuesOf(args: unknown[] | undefined, kwargs: Dict | undefined): PayloadValues {
  return { args, kwargs };
}

/** What a handler returned, as a payload: nothing, one value, or a Result of this package or of autobahn-js. */
export function payloadOfResult(value: unknown): PayloadValues {
  if (value === undefined) return {};
  if (value instanceof Result || isForeignResult(value)) return { args: value.args, kwargs: value.kwargs };
  return { args: [value] };
}

function isForeignResult(value: unknown): value is Result {
  if (typeof value !== "object" || value === null) return false;
  // A dictionary may have no prototype, or a key of this name.
  const { constructor: made, args, kwargs } = value as Dict;
  return typeof made === "function" && made.name === "Result" && Array.isArray(args) && isDict(kwargs);
}

/** What `call` resolves to, by the rule of autobahn-js: the one value, else a Result, else null. */
export function resultOfPayload(args: readonly unknown[], kwargs: Readonly<Dict>): unknown {
  if (args.length > 1 || Object.keys(kwargs).length > 0) return new Result(args, kwargs);
  return args.length === 1 ? args[0] : null;
}
