import { ClientHello } from "../hooks/client-hello.ts";
import type { Hello } from "../contract/hello.ts";
import type { LoginAttempt } from "../contract/method.ts";

/** A login by one method: its hello, and how to find its principal. */
export class Attempt extends ClientHello implements LoginAttempt {
  readonly authmethod: string;
  readonly factor: number;
  readonly isDecoy: boolean;
  readonly resolvePrincipal: LoginAttempt["resolvePrincipal"];

  /** @param of the factor that it is made for */
  constructor(
    hello: Hello,
    authmethod: string,
    of: { readonly number: number; readonly isDecoy: boolean },
    resolvePrincipal: LoginAttempt["resolvePrincipal"],
  ) {
    super(hello, hello, hello);
    this.authmethod = authmethod;
    this.factor = of.number;
    this.isDecoy = of.isDecoy;
    this.resolvePrincipal = resolvePrincipal;
  }
}
