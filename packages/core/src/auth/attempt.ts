import type { Hello } from "../contract/hello.ts";
import type { LoginAttempt } from "../contract/method.ts";

/** A login by one method. It has all of its hello, and the signal too is made when it is asked for. */
export class Attempt implements LoginAttempt {
  readonly session: number;
  readonly realm: string | null;
  readonly authid: string | null;
  readonly authrole: string | null;
  readonly authmethods: readonly string[];
  readonly authextra: Hello["authextra"];
  readonly roles: Hello["roles"];
  readonly transport: Hello["transport"];
  readonly log: Hello["log"];
  readonly authmethod: string;
  readonly resolvePrincipal: LoginAttempt["resolvePrincipal"];
  readonly #hello: Hello;

  constructor(hello: Hello, authmethod: string, resolvePrincipal: LoginAttempt["resolvePrincipal"]) {
    this.session = hello.session;
    this.realm = hello.realm;
    this.authid = hello.authid;
    this.authrole = hello.authrole;
    this.authmethods = hello.authmethods;
    this.authextra = hello.authextra;
    this.roles = hello.roles;
    this.transport = hello.transport;
    this.log = hello.log;
    this.authmethod = authmethod;
    this.resolvePrincipal = resolvePrincipal;
    this.#hello = hello;
  }

  get signal(): AbortSignal {
    return this.#hello.signal;
  }
}
