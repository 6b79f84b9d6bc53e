import type { Message } from "../wamp/messages.ts";
import type { ConfigRef } from "./login-record.ts";
import type { SessionPort } from "./session-port.ts";

/** A session's membership in a realm. */
export interface RealmAttachment {
  /** A message of the session: anything that may come after WELCOME, except GOODBYE. */
  receive(message: Message): void;
  /** The session is gone. The realm drops all that it held. May be called more than once. */
  leave(): void;
}

/** A realm as sessions and logins see it. */
export interface RealmPort {
  readonly name: string;
  hasRole(role: string): boolean;
  /** The names of its roles, in the config's order. */
  readonly roleNames: readonly string[];
  /** Where a role stands in the config; without one, or if there is no such role, where the realm does. */
  place(role: string | null): ConfigRef;
  /** How long a session of `role` may last, in milliseconds; null: without end. */
  maxSessionTime(role: string): number | null;
  /** @throws LimitError if there is no room for one more session of `authid` */
  requireRoom(authid: string): void;
  join(peer: SessionPort): RealmAttachment;
  /** Resolves as soon as `procedure` is registered, at once if it is already. Rejects with the signal's reason. */
  whenRegistered(procedure: string, signal: AbortSignal): Promise<void>;
}

/** The realms of a router. */
export interface RealmDirectory {
  get(name: string): RealmPort | undefined;
  /** Where the list of realms stands in the config. */
  place(): ConfigRef;
}
