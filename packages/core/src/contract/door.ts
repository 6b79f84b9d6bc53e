import type { Dict } from "../wamp/payload.ts";
import type { Hello } from "./hello.ts";
import type { SessionInfo } from "./peer.ts";

/** Where a transport's clients knock. */
export interface Door {
  knock(hello: Hello): Login;
}

/** One login, from HELLO to its end. Neither function ever rejects. */
export interface Login {
  begin(): Promise<LoginStep>;
  /** Only after a step that challenges, once for each. */
  authenticate(signature: string, extra: Readonly<Dict>): Promise<LoginStep>;
}

/** What the session is to send next. */
export type LoginStep =
  | { readonly kind: "challenge"; readonly authmethod: string; readonly extra: Readonly<Dict> }
  | { readonly kind: "welcome"; readonly info: SessionInfo; readonly details: Readonly<Dict> }
  | { readonly kind: "abort"; readonly reason: string; readonly message: string | null };
