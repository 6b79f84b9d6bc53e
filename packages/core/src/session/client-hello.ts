import type { Hello, TransportDetails } from "../contract/hello.ts";
import type { Log } from "../contract/log.ts";
import type { Deadline } from "../wamp/deadline.ts";
import type { HelloFields } from "./parse-hello.ts";

/**
 * What a client said, with what is known of it. A class, since an object that is written down with a getter has a shape of
 * its own each time, and whoever reads it is slow.
 */
export class ClientHello implements Hello {
  readonly session: number;
  readonly realm: string | null;
  readonly authid: string | null;
  readonly authrole: string | null;
  readonly authmethods: readonly string[];
  readonly authextra: Hello["authextra"];
  readonly roles: Hello["roles"];
  readonly transport: TransportDetails;
  readonly log: Log;
  readonly #handshake: Deadline;

  constructor(said: HelloFields, session: number, transport: TransportDetails, handshake: Deadline, log: Log) {
    this.session = session;
    this.realm = said.realm;
    this.authid = said.authid;
    this.authrole = said.authrole;
    this.authmethods = said.authmethods;
    this.authextra = said.authextra;
    this.roles = said.roles;
    this.transport = transport;
    this.log = log;
    this.#handshake = handshake;
  }

  /** Made when it is asked for: most logins end without. */
  get signal(): AbortSignal {
    return this.#handshake.signal;
  }
}
