import type { Dict } from "../../wamp/payload.ts";

/**
 * Gets an event, or a call, which it answers by returning, throwing or resolving, as in autobahn-js. For a call,
 * `details.progress(args, kwargs)` sends a progressive result if the caller takes them, and `details.signal` fires if
 * the caller cancels it.
 */
export type Handler = (args: unknown[], kwargs: Dict, details: Dict) => unknown;

/** Gets a progressive result. */
export type ProgressHandler = (value: unknown) => void;
