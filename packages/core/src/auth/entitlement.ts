import type { Admission } from "../contract/handshake.ts";
import { ClientHello } from "../hooks/client-hello.ts";
import type { Hello } from "../contract/hello.ts";
import type { Log } from "../contract/log.ts";
import type { SessionInfo } from "../contract/session-port.ts";
import type { MethodSettings } from "../contract/auth-settings.ts";
import type { Principal } from "../contract/assignment.ts";
import type { PastJudgement } from "../contract/method.ts";
import type { PastLogin } from "../contract/past-login.ts";
import { Deadline } from "../wamp/deadline.ts";
import { type Expires, moved } from "../wamp/expires.ts";
import type { HandshakeContext } from "./context.ts";
import { principalOf, Query } from "./principals.ts";

/** How long static blocks may take to look a principal up, in milliseconds. */
const TIMEOUT = 10_000;

/** What the current config says of a session that has logged in. */
export type Entitlement =
  /**
   * It would not let it in any more. @property why a sentence for its client
   * @property isPlaceGone whether its realm or its role is not there
   */
  | { readonly why: string; readonly isPlaceGone?: boolean }
  /** @property expires when its static principal's login expires now; undefined where the new config does not say */
  | { readonly why: null; readonly expires?: Expires };

/** A session, or a login that may become one. */
type Judged = Pick<SessionInfo, "session" | "realm" | "authrole" | "authmethod" | "roles" | "transport">;

/** Whether the current config would let the client of an earlier login in again. @see LoginPlace */
export async function judgementOf(past: PastLogin, hello: Hello, context: HandshakeContext): Promise<PastJudgement> {
  const { realm, authrole, authmethod, admission } = past;
  const { session, roles, transport } = hello;
  const found = await entitlementOf({ session, realm, authrole, authmethod, roles, transport }, admission, context);
  if (found.why !== null) return { why: found.why, isPlaceGone: found.isPlaceGone === true };
  const principal = admission?.principal ?? null;
  const { expires: now } = found;
  const expires = now === undefined || principal === null ? past.expires : moved(past.expires, principal.expires, now);
  if (expires !== null && expires * 1000 <= Date.now()) return { why: "the login has expired", isPlaceGone: false };
  return { why: null, expires };
}

/**
 * Whether the current config would let a session in. The proof is not repeated, and strategies other than `static` are
 * not asked again.
 *
 * @param admission null if a tap of the hook `hello` let the session in, which does not depend on the config
 */
export async function entitlementOf(
  info: Judged,
  admission: Admission | null,
  context: HandshakeContext,
): Promise<Entitlement> {
  const why = whyNoPlace(info, context);
  if (why !== null) return { why, isPlaceGone: true };
  if (admission === null) return { why: null };
  const { authmethod } = info;
  const settings = context.auth.now.get(authmethod);
  if (settings === undefined || !settings.blocks.some(({ mayBegin }) => mayBegin))
    return { why: `the method ${authmethod} is not offered any more where this session came in` };
  const { principal } = admission;
  if (principal === null) return { why: null };
  const type = principal.provider;
  if (!settings.blocks.some((block) => block.type === type))
    return { why: `logins by ${authmethod} are not decided by "${type}" any more where this session came in` };
  return type === "static" ? entitlementOfKnown(info, admission, principal, settings, context) : { why: null };
}

/** Why a session that has its role without a login has no place any more; null if it has. */
export function whyNoPlace(
  { realm, authrole }: Pick<SessionInfo, "realm" | "authrole">,
  { realms }: Pick<HandshakeContext, "realms">,
): string | null {
  const found = realms.get(realm);
  if (found === undefined) return `the realm ${realm} is not there any more`;
  return found.hasRole(authrole) ? null : `the role ${authrole} is not in the realm ${realm} any more`;
}

async function entitlementOfKnown(
  info: Judged,
  admission: Admission,
  known: NonNullable<Admission["principal"]>,
  settings: MethodSettings,
  context: HandshakeContext,
): Promise<Entitlement> {
  const limit = new Deadline(TIMEOUT);
  const log = context.log.child({ session: info.session });
  try {
    const attempt = attemptOf(info, { realm: admission.realm, authid: admission.authid ?? known.authid }, limit, log);
    const now = await staticPrincipal(settings, attempt, context);
    if (now === null) return { why: "its principal is not there any more" };
    for (const key of ["realm", "role", "authid"] as const) {
      if (now[key] !== known[key]) return { why: `its principal has another ${key} now` };
    }
    return { why: null, expires: now.expires };
  } catch (error) {
    log.error({ err: error }, `could not decide whether a session may stay: ${(error as Error).message}`);
    return { why: "whether it may stay could not be decided" };
  } finally {
    limit.end();
  }
}

/** Who the client is by the current static blocks of a method; null if none of them knows it. */
async function staticPrincipal(
  { method, blocks }: MethodSettings,
  attempt: Hello & { readonly authmethod: string },
  { hooks }: HandshakeContext,
): Promise<Principal | null> {
  const question = { attempt, realm: attempt.realm, authid: attempt.authid, facts: {}, phase: method.at };
  for (const [i, block] of blocks.entries()) {
    const { type, value, defaultRole, mayBegin } = block;
    if (type !== "static" || !mayBegin) continue;
    const query = new Query(question, method, defaultRole, i === blocks.length - 1);
    const answer = await hooks.principal.get(type)?.promise(query, value);
    if (answer === undefined || answer.kind === "denied") return null;
    if (answer.kind !== "unknown") return principalOf(answer.assignment, attempt, block, type);
  }
  return null;
}

/** The session's HELLO, as far as it is still known. If the client named no authid, the assigned one is used. */
function attemptOf(
  { session, authmethod, roles, transport }: Judged,
  { realm, authid }: Pick<Hello, "realm" | "authid">,
  limit: Deadline,
  log: Log,
): Hello & { readonly authmethod: string } {
  const said = { realm, authid, authrole: null, authmethods: [authmethod], authextra: null, roles };
  const hello = new ClientHello(said, { session, transport, log }, limit);
  return Object.assign(hello, { authmethod });
}
