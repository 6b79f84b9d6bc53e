import type { TransportDetails } from "../../contract/hello.ts";
import type { LocalIdentity } from "../../contract/local-session.ts";
import type { Log } from "../../contract/log.ts";
import type { RealmPort } from "../../contract/realm-port.ts";
import type { SessionInfo } from "../../contract/session-port.ts";
import { TRUSTED_ROLE } from "../../wamp/trusted-role.ts";
import type { ReportLimit } from "../../contract/observers.ts";
import type { RouterHooks } from "../../contract/hooks.ts";
import { clientRolesOf } from "../../wamp/client-features.ts";
import { InProcessSession } from "./local-session.ts";

/** Who an in-process session is, and its id. */
export interface InProcessIdentity extends Required<LocalIdentity> {
  readonly session: number;
  /** What created it: `component`, `embedded`, `plugin`. */
  readonly provider: string;
}

/** The transport details of an in-process session, which has no connection. */
const IN_PROCESS: TransportDetails = {
  type: "function",
  protocol: "wamp.2",
  peer: "process",
  address: null,
  facts: {},
  takesCookies: false,
  channelBinding: () => ({ values: null, reason: "it stays within the router's process" }),
  cbtid: null,
  client_cert: null,
  http_headers_received: {},
  http_headers_sent: {},
  channel_type: "function",
  channel_framing: "native",
  channel_serializer: "none",
  is_secure: true,
  peer_cert: null,
  websocket_protocol: "wamp.2",
  http_cbtid: null,
};

/** The features of a InProcessSession, as a client announces them in HELLO. */
const ROLES = clientRolesOf({
  caller: { features: { progressive_call_results: true, call_canceling: true } },
  callee: {
    features: { progressive_call_results: true, call_canceling: true, registration_revocation: true },
  },
  publisher: {},
  subscriber: { features: { subscription_revocation: true } },
});

interface LocalContext {
  readonly hooks: RouterHooks;
  readonly log: Log;
  readonly report: ReportLimit;
  ended(session: InProcessSession): void;
}

/** Joins a session of this process to `realm`. Others see it like any other session. */
export function joinLocally(realm: RealmPort, identity: InProcessIdentity, context: LocalContext): InProcessSession {
  const { hooks, log, report } = context;
  const session = new InProcessSession(realm, infoOf(realm, identity), {
    service: false,
    log,
    report,
    ended(ended, end) {
      hooks.left.call(ended.info, end);
      context.ended(ended);
    },
  });
  hooks.joined.call(session.info, null);
  return session;
}

/** Joins the router's own session: hidden, not bound by permissions, disclosed as `trusted`. */
export function joinAsService(
  realm: RealmPort,
  session: number,
  { log, report }: Pick<LocalContext, "log" | "report">,
): InProcessSession {
  const identity = { session, role: TRUSTED_ROLE, authid: "wampgate", provider: "internal" };
  return new InProcessSession(realm, infoOf(realm, identity), { service: true, log, report, ended: () => undefined });
}

function infoOf(realm: RealmPort, { session, role, authid, provider }: InProcessIdentity): SessionInfo {
  return {
    session,
    realm: realm.name,
    authid,
    authrole: role,
    authmethod: "internal",
    authprovider: provider,
    authextra: {},
    expires: null,
    roles: ROLES,
    transport: IN_PROCESS,
  };
}
