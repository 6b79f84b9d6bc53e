import type { SessionRenewal } from "../../contract/session-port.ts";
import { refusal } from "../../errors/wamp-error.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
import { isDict } from "../../wamp/messages.ts";
import type { Dict } from "../../wamp/payload.ts";
import { invalidArgument, type MetaCall, type MetaProcedures, stringAt } from "./meta-call.ts";

/** By these a session renews its own login. They need no permission, and nothing of another session can be reached. */
export const renewalMeta: MetaProcedures = {
  "wampgate.session.challenge": async (call) => {
    const authextra = dictIn(call, "authextra");
    const raw = authextra === null ? null : (call.raw()?.get(1)?.get("authextra") ?? null);
    return renewalOf(call).challenge(authextra, raw);
  },
  "wampgate.session.renew": async (call) => {
    const signature = stringAt(call, 0, "the proof");
    return { expires: await renewalOf(call).renew(signature, dictIn(call, "extra") ?? {}) };
  },
};

function renewalOf({ caller }: MetaCall): SessionRenewal {
  const { renewal } = caller.port;
  if (renewal !== null) return renewal;
  throw refusal(ErrorUri.featureNotSupported, "a session of the router's own process has no login to renew");
}

function dictIn({ kwargs }: MetaCall, key: string): Readonly<Dict> | null {
  const value = kwargs[key];
  if (value === undefined || value === null) return null;
  if (!isDict(value)) throw invalidArgument(key, "a dictionary", value);
  return value;
}
