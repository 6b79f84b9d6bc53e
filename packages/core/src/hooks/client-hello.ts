import type { Hello } from "../contract/hello.ts";

/**
 * A hello that creates its signal at first use: most logins need none. It is a class because each object literal with a
 * getter gets a shape of its own in V8, which makes reads slow.
 */
export class ClientHello implements Hello {
  readonly session: number;
  readonly realm: string | null;
  readonly authid: string | null;
  readonly authrole: string | null;
  readonly authmethods: readonly string[];
  readonly authextra: Hello["authextra"];
  readonly rawAuthextra: NonNullable<Hello["rawAuthextra"]> | null;
  readonly roles: Hello["roles"];
  readonly transport: Hello["transport"];
  readonly log: Hello["log"];
  readonly #limit: Pick<Hello, "signal">;

  /** @param limit has the signal */
  constructor(known: Omit<Hello, "signal">, limit: Pick<Hello, "signal">) {
    this.session = known.session;
    this.realm = known.realm;
    this.authid = known.authid;
    this.authrole = known.authrole;
    this.authmethods = known.authmethods;
    this.authextra = known.authextra;
    this.rawAuthextra = known.rawAuthextra ?? null;
    this.roles = known.roles;
    this.transport = known.transport;
    this.log = known.log;
    this.#limit = limit;
  }

  get signal(): AbortSignal {
    return this.#limit.signal;
  }
}
