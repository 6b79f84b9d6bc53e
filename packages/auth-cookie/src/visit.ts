import {
  credential,
  denied,
  ErrorUri,
  type Hello,
  type LoginPlace,
  type LoginSuccess,
  type PastLogin,
  type PrincipalAnswer,
  type SessionInfo,
  type TransportDetails,
  unknown,
  type UpgradeRequest,
} from "@wampgate/core";
import { unlessFailed } from "@wampgate/store";
import type { Keeping, Logins } from "./logins.ts";
import type { LoginRecord } from "./record.ts";
import { isId, keyOf, newId, pathOf, setCookie, trackingIdOf } from "./set-cookie.ts";
import type { Settings } from "./settings.ts";

/** The fact of a transport that holds its visits. */
const FACT = "@wampgate/auth-cookie";

/** Methods whose logins are not remembered: the first has no proof, the second is by the page's own cookie. */
const NOT_KEPT = ["anonymous", "cookie"];

/** How many values of one cookie are looked up: pages of a parent domain may have planted others. */
const MOST_VALUES = 4;

/** The part of a connection's cookie that its login needs; the id itself is not kept. */
export class Visit {
  readonly logins: Logins;
  readonly keeping: Keeping;
  /** Who had logged in with the cookie before; null if the answer 101 set a new one. */
  readonly #before: LoginRecord | null;
  /** What the cookie says of the client that logs in now. */
  #now: { readonly record: LoginRecord; readonly past: PastLogin | null } | null = null;
  #isIn = false;

  constructor(logins: Logins, keeping: Keeping, before: LoginRecord | null) {
    this.logins = logins;
    this.keeping = keeping;
    this.#before = before;
  }

  /** Whether the cookie let the client in. */
  get isIn(): boolean {
    return this.#isIn;
  }

  /** Whether the client may log in by its cookie. */
  async applies({ realm, authid, log }: Hello, transport: LoginPlace): Promise<boolean> {
    this.#now = null;
    const before = this.#before?.login;
    if (before === undefined) return false;
    if ((realm ?? before.realm) !== before.realm || (authid ?? before.authid) !== before.authid) return false;
    const { key, place } = this.keeping;
    const record = await unlessFailed(this.logins.read(key, place), null);
    if (record === null || record.login.realm !== before.realm || record.login.authid !== before.authid) return false;
    if (!(await this.logins.areOpen())) return false;
    const judgement = await transport.judge(record.login);
    if (judgement.why === null) {
      const expires = Math.min(record.expires, judgement.expires ?? Infinity);
      this.#now = { record, past: { ...record.login, expires } };
      return true;
    }
    log.info({ realm: before.realm, authid: before.authid }, `a cookie is revoked: ${judgement.why}`);
    this.logins.revoke(this.keeping.key);
    if (judgement.isPlaceGone) this.#now = { record, past: null };
    return judgement.isPlaceGone;
  }

  /** Who the client is by its cookie. */
  answer(): PrincipalAnswer {
    if (this.#now === null) return unknown();
    const { record, past } = this.#now;
    if (past !== null) return credential(past);
    const { realm, authrole: role } = record.login;
    const why = `the role "${role}" of realm "${realm}" is not there any more`;
    return denied(ErrorUri.noSuchRole, why, { code: "no-role", params: { realm, role, roles: "" } });
  }

  accepted(): void {
    this.#isIn = this.#now !== null;
  }

  joined(info: SessionInfo, login: LoginSuccess): void {
    const { logins, keeping } = this;
    if (this.#isIn && this.#now !== null) return logins.resumed(keeping, this.#now.record, { info, login });
    if (NOT_KEPT.includes(info.authmethod)) return;
    const before = this.#before?.login;
    if (before === undefined) logins.remember(keeping, { info, login });
    else if (before.realm === info.realm && before.authid === info.authid) logins.replace(keeping, { info, login });
  }
}

/** The visits of a connection, by the names of their cookies: one for each static block of its transport. */
class Visits extends Map<string, Visit> {}

/**
 * A client asks to upgrade. It keeps a cookie by which a user has logged in; any other is replaced by a new one, so that
 * no one else knows it. Neither is done for a page that no cookie lets in.
 */
export async function visited(
  request: UpgradeRequest,
  settings: Settings,
  logins: Logins,
  visits: Visits,
): Promise<void> {
  const { name, length, "max-age": maxAge } = settings;
  const sent = request.takeCookie(name);
  if (!request.takesCookies || visits.has(name)) return;
  const place = `${name} ${pathOf(settings, request)}`;
  const keys = sent.filter(isId).slice(0, MOST_VALUES).map(keyOf);
  const known = await unlessFailed(logins.find(keys, place), undefined);
  // The client keeps its cookie: its login may be there.
  if (known === undefined) return;
  const id = newId(length);
  const key = known?.key ?? keyOf(id);
  if (known === null) request.setHeader("Set-Cookie", setCookie(id, settings, request));
  request.setTrackingId(trackingIdOf(key));
  visits.set(name, new Visit(logins, { key, place, maxAge }, known?.record ?? null));
}

/** Gives a connection its visits. */
export function visitsFor(request: UpgradeRequest): Visits {
  const visits = new Visits();
  request.setFact(FACT, visits);
  return visits;
}

/** The visits of a connection; empty where it came without a cookie, and not by WebSocket. */
export function visitsOf({ facts }: TransportDetails): ReadonlyMap<string, Visit> {
  const visits = facts[FACT];
  return visits instanceof Visits ? visits : new Visits();
}
