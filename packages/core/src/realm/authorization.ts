import type { Action, Decision } from "../contract/authorization.ts";
import type { Log } from "../contract/log.ts";
import type { Peer } from "../contract/peer.ts";
import type { RoleSettings } from "../contract/settings.ts";
import type { RouterHooks } from "../hooks/router-hooks.ts";
import { deadline } from "../wamp/deadline.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import type { Dict } from "../wamp/payload.ts";
import { WampError } from "../wamp/wamp-error.ts";
import { Role } from "./permissions.ts";

/** How long taps of the hook `authorize` may take for one message, in milliseconds. */
const HOOK_TIMEOUT = 10_000;

/** A message's wish: what it wants to do with which URI. */
export interface Wish {
  readonly action: Action;
  readonly uri: string;
  readonly options: Readonly<Dict>;
}

const TRUSTED: Decision = { allow: true, disclose: true };

/** Who may do what in a realm: a static rule of the role, else the hook `authorize`, else nobody. */
export class Authorization {
  readonly #roles: ReadonlyMap<string, Role>;
  readonly #guarded: ReadonlySet<string>;
  readonly #hooks: RouterHooks;
  readonly #log: Log;

  /** @param guarded URIs that only an exact rule lets anyone register or call: the authenticators' */
  constructor(roles: readonly RoleSettings[], guarded: ReadonlySet<string>, hooks: RouterHooks, log: Log) {
    this.#roles = new Map(roles.map((role) => [role.name, new Role(role)]));
    this.#guarded = guarded;
    this.#hooks = hooks;
    this.#log = log;
  }

  hasRole(name: string): boolean {
    return this.#roles.has(name);
  }

  /**
   * The decision, at once wherever a static rule settles it.
   * @returns with `signal` as the time during which the session is there; the promise rejects with a WampError alone
   */
  decide(peer: Peer, wish: Wish, signal: AbortSignal): Decision | Promise<Decision> {
    if (peer.service) return TRUSTED;
    const { action, uri } = wish;
    const settled = this.#roles.get(peer.info.authrole)?.decide(action, uri) ?? null;
    if ((action === "call" || action === "register") && this.#guarded.has(uri)) {
      if (settled?.decision.allow === true && settled.rule?.match === "exact") return settled.decision;
      this.#log.warn(
        { session: peer.info.session, authid: peer.info.authid, authrole: peer.info.authrole, uri },
        `refused to ${action} an authenticator: only an exact permission rule grants that`,
      );
      throw notAuthorized(
        wish,
        ": it is configured as an authenticator, and only an exact permission rule grants that",
      );
    }
    if (settled !== null) return settled.decision;
    return this.#hooks.authorize.taps.length === 0 ? { allow: false } : this.#ask(peer, wish, signal);
  }

  async #ask(peer: Peer, wish: Wish, parent: AbortSignal): Promise<Decision> {
    const { signal, end } = deadline(HOOK_TIMEOUT, parent);
    try {
      return (await this.#hooks.authorize.promise({ session: peer.info, ...wish, signal })) ?? { allow: false };
    } catch (error) {
      if (!parent.aborted) this.#log.error({ error, session: peer.info.session }, (error as Error).message);
      throw new WampError(ErrorUri.authorizationFailed, `whether to ${wish.action} ${wish.uri} could not be decided`);
    } finally {
      end();
    }
  }
}

/** The refusal of a wish. */
export function notAuthorized({ action, uri }: Wish, why = ""): WampError {
  return new WampError(ErrorUri.notAuthorized, `not authorized to ${action} ${uri}${why}`);
}
