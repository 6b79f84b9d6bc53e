/**
 * Holds a secret, and keeps it out of prints: `inspect`, `JSON.stringify` and logs do not show it.
 *
 * @example prepare: ({ ticket }) => ({ ticket: new Secret(ticket) })
 */
export class Secret<T> {
  readonly #secret: T;

  constructor(secret: T) {
    this.#secret = secret;
  }

  reveal(): T {
    return this.#secret;
  }
}
