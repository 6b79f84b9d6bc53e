import type { RealmOptions } from "./settings.ts";
import type { Log } from "../contract/log.ts";
import { MAX_ID } from "../wamp/ids.ts";
import type { Message } from "../wamp/messages.ts";
import { protocolViolation } from "../errors/wamp-error.ts";

const REQUESTS: ReadonlySet<string> = new Set([
  "SUBSCRIBE",
  "UNSUBSCRIBE",
  "PUBLISH",
  "REGISTER",
  "UNREGISTER",
  "CALL",
]);

/**
 * Checks that one session's request ids are 1, 2, 3 … (spec, basic/building_blocks "IDs"). Routers have never checked
 * them, so many clients count differently. By default the router logs one warning for such a session.
 */
export class RequestIds {
  readonly #policy: RealmOptions["request-ids"];
  readonly #session: number;
  readonly #log: Log;
  #last = 0;
  #warned = false;

  constructor(policy: RealmOptions["request-ids"], session: number, log: Log) {
    this.#policy = policy;
    this.#session = session;
    this.#log = log;
  }

  /** @throws WampError a protocol violation, if the policy is `strict` */
  check(message: Message): void {
    if (this.#policy === "off" || !REQUESTS.has(message.type)) return;
    const { request } = message as Message & { readonly request: number };
    const expected = this.#last === MAX_ID ? 1 : this.#last + 1;
    // A further part of a progressive call has the id of the first one.
    if (message.type === "CALL" && request <= this.#last && "progress" in message.options) return;
    this.#last = request;
    if (request === expected) return;
    const text = `${message.type}.request is ${request}, but ids count from 1 by 1: expected ${expected}`;
    if (this.#policy === "strict") throw protocolViolation(text);
    if (!this.#warned)
      this.#log.warn({ session: this.#session, request, expected }, `${text}; told once for this session`);
    this.#warned = true;
  }
}
