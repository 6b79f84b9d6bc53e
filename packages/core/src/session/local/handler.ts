import type { Dict } from "../../wamp/payload.ts";

/**
 * Gets an event, or a call that it answers by what it returns, throws or resolves to. As in autobahn-js. Of a call,
 * `details.progress(args, kwargs)` sends a progressive result where the caller takes them, and `details.signal` fires
 * where the caller has cancelled it.
 */
export type Handler = (args: unknown[], kwargs: Dict, details: Dict) => unknown;

/** Gets a progressive result. */
export type ProgressHandler = (value: unknown) => void;
