type Write = (fields: Record<string, unknown>, message: string) => void;

/** Where the router writes what happens. Any pino logger fits. It never gets secrets. */
export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  child(fields: Record<string, unknown>): Log;
}
