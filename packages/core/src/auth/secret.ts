/**
 * A secret that is kept: whoever prints what holds it, by `inspect`, `JSON.stringify` or in a log, does not print it.
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
