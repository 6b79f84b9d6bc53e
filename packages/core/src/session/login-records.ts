import type { RouterHooks } from "../contract/hooks.ts";
import type { LoginRecord } from "../contract/login-record.ts";

/** Numbers the logins of a router for the hook `loginEnded`. */
export class LoginRecords {
  readonly #hooks: RouterHooks;
  #last = 0;

  constructor(hooks: RouterHooks) {
    this.#hooks = hooks;
  }

  /** Whether anybody wants to know: else no record is made. */
  get isUsed(): boolean {
    return this.#hooks.loginEnded.taps.length > 0;
  }

  add(record: Omit<LoginRecord, "seq" | "at">): void {
    this.#hooks.loginEnded.call({ seq: ++this.#last, at: Date.now(), ...record });
  }
}

/** The record of a connection that a limit refused. @param transport which entry of `transports` it came to */
export function noRoom(limit: string, address: string, transport: number): Omit<LoginRecord, "seq" | "at"> {
  return {
    outcome: "refused",
    cause: "limit",
    params: { limit },
    reason: null,
    message: null,
    session: null,
    transport,
    address,
    serializer: "",
    asked: { realm: null, authid: null, authmethods: [] },
    assigned: null,
    method: null,
    factors: [],
    strategy: null,
    by: null,
    ms: 0,
    steps: [],
  };
}
