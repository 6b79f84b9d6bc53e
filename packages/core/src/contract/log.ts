type Write = (fields: Record<string, unknown>, message: string) => void;

/**
 * Where the router and its plugins write what happens. Any pino logger fits. It never gets secrets. What was thrown is the
 * key `err`. Lines are short: long texts, lists and errors are cut.
 */
export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  child(fields: Record<string, unknown>): Log;
}
