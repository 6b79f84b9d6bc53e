import type { Hello } from "../contract/hello.ts";
import { Deadline, LIMIT } from "../wamp/deadline.ts";

type Limit = Deadline | (Pick<Hello, "signal"> & { readonly [LIMIT]?: Deadline | undefined });

/** What a hello has from the client. */
type Said = Omit<Hello, "session" | "transport" | "renews" | "log" | "signal">;

/** What it has from the router. */
type Known = Pick<Hello, "session" | "transport" | "log"> & Partial<Pick<Hello, "renews">>;

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
  readonly renews: Hello["renews"];
  readonly log: Hello["log"];
  readonly #limit: Limit;

  /** @param said by the client @param known by the router @param limit has the signal */
  constructor(said: Said, known: Known, limit: Limit) {
    this.session = known.session;
    this.realm = said.realm;
    this.authid = said.authid;
    this.authrole = said.authrole;
    this.authmethods = said.authmethods;
    this.authextra = said.authextra;
    this.rawAuthextra = said.rawAuthextra ?? null;
    this.roles = said.roles;
    this.transport = known.transport;
    this.renews = known.renews ?? null;
    this.log = known.log;
    this.#limit = limit;
  }

  get [LIMIT](): Deadline | undefined {
    return this.#limit instanceof Deadline ? this.#limit : this.#limit[LIMIT];
  }

  get signal(): AbortSignal {
    return this.#limit.signal;
  }
}
