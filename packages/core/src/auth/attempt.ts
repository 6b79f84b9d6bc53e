import { ClientHello } from "../hooks/client-hello.ts";
import type { Hello } from "../contract/hello.ts";
import type { LoginAttempt } from "../contract/method.ts";

/** A login by one method: its hello, and how to find its principal. */
export class Attempt extends ClientHello implements LoginAttempt {
  readonly authmethod: string;
  readonly resolvePrincipal: LoginAttempt["resolvePrincipal"];

  constructor(hello: Hello, authmethod: string, resolvePrincipal: LoginAttempt["resolvePrincipal"]) {
    super(hello, hello, hello);
    this.authmethod = authmethod;
    this.resolvePrincipal = resolvePrincipal;
  }
}
