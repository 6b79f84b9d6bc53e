import type { AuthSettings } from "../contract/auth-settings.ts";
import type { ConfigRef } from "../contract/login-record.ts";
import type { RouterHooks } from "../contract/hooks.ts";
import type { Log } from "../contract/log.ts";
import type { RealmDirectory } from "../contract/realm-port.ts";
import type { Live } from "../settings/live.ts";
import type { Dict } from "../wamp/payload.ts";

/** What logins need of their router. */
export interface HandshakeContext {
  /** The methods of the client's transport. */
  readonly auth: Live<AuthSettings>;
  /** The client's transport, in words for the operator. */
  readonly name: string;
  /** Where it stands in the config, and where its `auth` does. */
  place(): ConfigRef;
  authPlace(): ConfigRef;
  readonly hooks: RouterHooks;
  readonly realms: RealmDirectory;
  /** The `roles` of WELCOME. */
  readonly roles: Readonly<Dict>;
  readonly log: Log;
}
