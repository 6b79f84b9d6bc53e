import type { SessionInfo } from "../contract/session-port.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { moved } from "../wamp/expires.ts";
import { excerpt } from "../wamp/excerpt.ts";
import type { Dict } from "../wamp/payload.ts";
import { decodedMembers, Sayable } from "../wamp/raw-value.ts";
import { Denial } from "./denial.ts";
import { entitlementOf } from "./entitlement.ts";
import { left, type Login } from "./login.ts";

/** How many keys a line of the log names. */
const MOST_KEYS = 10;

/** The session that the login leads to. */
export function sessionInfo({ hello, first, factors, complete }: Login): SessionInfo {
  const { realm, authid, role, provider, extra, expires } = left(complete);
  const { past } = left(first);
  const methods = factors.map(({ attempt }) => attempt.authmethod);
  if (past !== null) methods.splice(0, 1, ...(past.authfactors ?? [past.authmethod]));
  const authfactors = methods.length === 1 ? null : methods;
  return {
    session: hello.session,
    realm,
    authid,
    authrole: role,
    authmethod: past?.authmethod ?? left(first).attempt.authmethod,
    ...(authfactors === null ? {} : { authfactors }),
    authprovider: provider,
    authextra: extra === null ? {} : decodedMembers(extra),
    ...(extra === null ? {} : { assignedExtra: extra }),
    expires,
    roles: hello.roles,
    transport: hello.transport,
  };
}

/** WELCOME's details. @param added by plugins; the router's own keys win */
export function welcomeDetails(info: SessionInfo, added: Readonly<Dict>, { context }: Login): Dict {
  const { realm, authid, authrole, authmethod, authfactors, authprovider } = info;
  const authextra = extraOf(info, context);
  const several = authfactors === undefined ? {} : { authfactors };
  return { ...added, realm, authid, authrole, authmethod, ...several, authprovider, authextra, roles: context.roles };
}

/** A client gets in whatever its format cannot say of `extra`. */
function extraOf({ session, assignedExtra }: SessionInfo, { log }: Login["context"]): Sayable | Dict {
  if (assignedExtra === undefined) return {};
  return new Sayable(assignedExtra, (keys, format) =>
    log.warn(
      { session, keys: keys.slice(0, MOST_KEYS).map((key) => excerpt(key)) },
      `a part of its extra cannot be said in ${format}, the client's format: it is left out of authextra in WELCOME`,
    ),
  );
}

/** If the config was reloaded during the login, the current config decides. @returns the session @throws Denial */
export async function judgedAgain(info: SessionInfo, login: Login): Promise<SessionInfo> {
  let current = info;
  const first = left(login.first);
  while (login.isOutdated) {
    login.auth = login.context.auth.now;
    const { admission } = first;
    const entitlement = await entitlementOf(info, admission, login.context);
    if (entitlement.why !== null) {
      const { why } = entitlement;
      throw new Denial(ErrorUri.authenticationFailed, why, { code: "reloaded", params: { why } });
    }
    if (entitlement.expires === undefined || admission === null || admission.principal === null) continue;
    const { principal } = admission;
    current = { ...current, expires: moved(current.expires, principal.expires, entitlement.expires) };
    first.admission = { ...admission, principal: { ...principal, expires: entitlement.expires } };
  }
  return current;
}
