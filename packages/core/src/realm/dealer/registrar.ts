import type { Live } from "../../settings/live.ts";
import type { RealmOptions } from "../settings.ts";
import { CloseUri, ErrorUri } from "../../wamp/error-uris.ts";
import type { MessageOf } from "../../wamp/messages.ts";
import type { Dict } from "../../wamp/payload.ts";
import { refusal } from "../../errors/wamp-error.ts";
import { excerpt } from "../../wamp/excerpt.ts";
import type { SessionInfo } from "../../contract/session-port.ts";
import type { Authorization } from "../access/authorization.ts";
import { AwaitedProcedures } from "./awaited-procedures.ts";
import type { Member } from "../member.ts";
import { isObserved, MetaTopic } from "../meta/topics.ts";
import { type ByteBudget, holdingSize } from "../byte-budget.ts";
import { requireRoom } from "../read-options.ts";
import type { RemoteRegistrations } from "../remote/remote-registrations.ts";
import { denied } from "../access/not-authorized.ts";
import type { Denials } from "../access/permissions.ts";
import {
  calleeOf,
  detailsOf,
  isHeld,
  type Refusals,
  type Registration,
  Registrations,
  type RegisterOptions,
  readRegisterOptions,
} from "./registrations.ts";

/** What the registrar asks about the realm's rules: `guards` is whether no pattern gets the calls of a procedure. */
export type RegistrarAccess = Pick<Authorization, "guards" | "mayTakeOver" | "forbids">;

/**
 * The procedures of one realm and their callees: REGISTER and UNREGISTER (spec, basic/rpc and
 * advanced/rpc_*registration*).
 */
export class Registrar {
  readonly registrations = new Registrations();
  readonly #ofMember = new Map<Member, Set<Registration>>();
  readonly #awaited = new AwaitedProcedures();
  readonly #options: Live<RealmOptions>;
  readonly #budget: ByteBudget;
  readonly #access: RegistrarAccess;
  /** Null: this router stands alone. */
  #remote: RemoteRegistrations | null = null;
  readonly #announce: (topic: string, args: readonly unknown[]) => void;

  /**
   * @param access the realm's rules; asked at each call, so that a reload takes effect at once
   * @param announce publishes a meta event
   */
  constructor(
    options: Live<RealmOptions>,
    budget: ByteBudget,
    access: RegistrarAccess,
    announce: (topic: string, args: readonly unknown[]) => void,
  ) {
    this.#options = options;
    this.#budget = budget;
    this.#access = access;
    this.#announce = announce;
  }

  /** Shares the procedures with other nodes from now on. Nothing is registered yet. */
  connect(remote: RemoteRegistrations): void {
    this.#remote = remote;
  }

  /**
   * @param denials what the member's role may not offer below the pattern that it registers
   * @returns a promise if other nodes have to be asked
   */
  register(member: Member, message: MessageOf<"REGISTER">, denials: Denials | null): void | Promise<void> {
    const { request, options, procedure } = message;
    const wanted = readRegisterOptions(member, options, denials);
    if (wanted.callee.discloseCaller) requireDisclosure(this.#options.now);
    const own = this.#ownShare(procedure, wanted);
    if (own !== null) return member.send({ type: "REGISTERED", request, registration: own.id });
    requireRoom(
      this.#ofMember.get(member)?.size ?? 0,
      this.#options.now["max-registrations"],
      "max-registrations",
      "registrations",
    );
    this.#dropGone(procedure, wanted);
    if (this.#remote !== null) return this.#registerWith(this.#remote, member, message, wanted);
    if (wanted.force)
      for (const holder of this.#toTakeOver(member, procedure, wanted)) this.revoke(holder.member, holder.found, TAKEN);
    this.#budget.take(member, holdingSize(procedure));
    const registration = this.#add(message, wanted);
    this.#registered(member, request, registration, registration.callees.length === 1);
  }

  /** Other nodes have to agree, and to know it before the callee does. */
  async #registerWith(
    remote: RemoteRegistrations,
    member: Member,
    { request, procedure }: MessageOf<"REGISTER">,
    wanted: RegisterOptions,
  ): Promise<void> {
    if (wanted.force)
      for (const holder of this.#toTakeOver(member, procedure, wanted))
        await this.revokeAnywhere(holder.member, holder.found, TAKEN);
    this.#budget.take(member, holdingSize(procedure));
    const claimed = await remote.claim(procedure, wanted).catch((error: unknown) => {
      this.#budget.give(member, holdingSize(procedure));
      throw error;
    });
    if (claimed === null) {
      this.#budget.give(member, holdingSize(procedure));
      throw isHeld(procedure, this.registrations.lookUp(procedure, wanted.match));
    }
    const { isNew, ...registered } = claimed;
    const isForbidden = this.#isForbidden(member, procedure, wanted);
    const registration =
      member.hasLeft || isForbidden ? null : this.registrations.addClaimed(registered, wanted.callee);
    if (registration === null) remote.release(registered, wanted.callee, () => undefined);
    else this.#registered(member, request, registration, isNew);
    remote.opened(registered.id, member);
    if (registration !== null || member.hasLeft) return;
    this.#budget.give(member, holdingSize(procedure));
    if (!isForbidden) throw isHeld(procedure, this.registrations.lookUp(procedure, wanted.match));
    throw denied(
      { action: "register", uri: procedure, match: wanted.match, by: { by: "guard", text: "the rules have changed" } },
      `not authorized to register ${excerpt(procedure)}: the rules changed while other nodes were asked`,
    );
  }

  /** Whether the rules forbid now what they had allowed: other nodes were asked meanwhile. */
  #isForbidden(member: Member, uri: string, { match }: RegisterOptions): boolean {
    return this.#access.forbids(member.port, { action: "register", uri, match, options: { match } });
  }

  #registered(member: Member, request: number, registration: Registration, isNew: boolean): void {
    const held = this.#ofMember.get(member) ?? new Set();
    this.#ofMember.set(member, held.add(registration));
    member.send({ type: "REGISTERED", request, registration: registration.id });
    if (isNew) this.#tell(MetaTopic.registrationCreated, registration, member, detailsOf(registration));
    this.#tell(MetaTopic.registered, registration, member, registration.id);
    this.wake(registration);
  }

  /** Whoever waits for a procedure may call it now. */
  wake({ match, uri }: Pick<Registration, "match" | "uri">): void {
    if (match === "exact") this.#awaited.registered(uri);
  }

  /** The shared registration that the session holds already, if it asks for the same again; it gets its id, as in Crossbar. */
  #ownShare(procedure: string, { match, invoke, callee, force }: RegisterOptions): Registration | null {
    const found = this.registrations.lookUp(procedure, match);
    if (found === undefined || force || found.invoke === "single" || found.invoke !== invoke) return null;
    return calleeOf(found, callee.member) === undefined ? null : found;
  }

  #add(message: MessageOf<"REGISTER">, wanted: RegisterOptions): Registration {
    try {
      return this.registrations.add(message, wanted);
    } catch (error) {
      this.#budget.give(wanted.callee.member, holdingSize(message.procedure));
      throw error;
    }
  }

  /** @returns a promise if other nodes have to know before the session does: then they may have the procedure */
  unregister(member: Member, { request, registration: id }: MessageOf<"UNREGISTER">): void | Promise<void> {
    const registration = this.registrations.get(id);
    if (registration === undefined || calleeOf(registration, member) === undefined) {
      throw refusal(ErrorUri.noSuchRegistration, `no registration ${id} is held by this session`);
    }
    const answer = (): void => member.send({ type: "UNREGISTERED", request });
    if (this.#remote === null) return this.#drop(registration, member, answer);
    return new Promise<void>((resolve) => this.#drop(registration, member, answer, resolve));
  }

  /** Ends a session's registration without its request (spec, advanced/rpc_registration_revocation). */
  revoke(member: Member, registration: Registration, reason: string | null, released?: () => void): void {
    const answer = (): void => {
      if (!member.announced("callee", "registration_revocation")) return;
      const details = { registration: registration.id, ...(reason === null ? {} : { reason }) };
      member.send({ type: "UNREGISTERED", request: 0, details });
    };
    this.#drop(registration, member, answer, released);
  }

  /**
   * As `revoke`, wherever the session is.
   * @returns a promise if other nodes have to know: it resolves when they may have the procedure
   */
  revokeAnywhere(member: Member, registration: Registration, reason: string | null): void | Promise<void> {
    if (this.#remote === null) return this.revoke(member, registration, reason);
    if (member.answerer !== member) return this.#remote.revoke(member.info.session, registration.id, reason);
    return new Promise<void>((resolve) => this.revoke(member, registration, reason, resolve));
  }

  /**
   * Other nodes hold a registration that this one held: its callees here learn that they are not called any more. One that
   * cannot be told is closed.
   * @returns the registration and its callees here; null if there are none
   */
  lost(id: number): { readonly uri: string; readonly sessions: readonly number[] } | null {
    const sessions: number[] = [];
    let uri = "";
    for (const [member, held] of [...this.#ofMember])
      for (const registration of [...held]) {
        if (registration.id !== id) continue;
        ({ uri } = registration);
        sessions.push(member.info.session);
        this.revoke(member, registration, ErrorUri.procedureAlreadyExists);
        if (!member.announced("callee", "registration_revocation"))
          member.port.close(CloseUri.killed, `${LOST}: ${excerpt(registration.uri)}`);
      }
    return sessions.length === 0 ? null : { uri, sessions };
  }

  /** Removes a session that is gone. @returns the work that is left: one function for each of its registrations */
  leave(member: Member): (() => void)[] {
    const held = this.heldBy(member);
    this.#ofMember.delete(member);
    return held.map((registration) => () => this.#drop(registration, member));
  }

  /** The sessions of this node that hold a procedure by its exact URI. */
  ownHolders(uri: string): Member[] {
    const callees = this.registrations.lookUp(uri, "exact")?.callees ?? [];
    return callees.map(({ member }) => member).filter((member) => this.#ofMember.has(member));
  }

  heldBy(member: Member): Registration[] {
    return [...(this.#ofMember.get(member) ?? [])];
  }

  /**
   * The registration that answers calls of `procedure`.
   * @param byRouter whether the router itself calls, for example an authenticator: then no pattern answers
   * @param refused callees that did not take the call
   */
  find(procedure: string, byRouter = false, refused: Refusals = null): Registration | undefined {
    return this.registrations.find(procedure, byRouter || this.#access.guards(procedure), refused);
  }

  /** Resolves when the router can call `procedure`; rejects with the signal's reason. */
  async whenRegistered(procedure: string, signal: AbortSignal): Promise<void> {
    if (this.find(procedure, true) === undefined) await this.#awaited.wait(procedure, signal);
  }

  /** Frees the procedure at once if its holder is a session that is gone but not yet removed. */
  #dropGone(procedure: string, { match }: RegisterOptions): void {
    const found = this.registrations.lookUp(procedure, match);
    const gone = found?.callees.filter(({ member }) => member.hasLeft) ?? [];
    for (const { member } of gone) this.#drop(found as Registration, member);
  }

  /**
   * Who has the procedure that a session takes.
   * @throws WampError if it is another user, and no rule lets the session take it
   */
  #toTakeOver(
    by: Member,
    procedure: string,
    { match }: RegisterOptions,
  ): { readonly member: Member; readonly found: Registration }[] {
    const found = this.registrations.lookUp(procedure, match);
    if (found === undefined) return [];
    const isForeign = found.callees.some(({ member }) => !isSameUser(member.info, by.info));
    if (isForeign && !this.#access.mayTakeOver(by.port, { uri: procedure, match }))
      throw denied(
        { action: "register", uri: procedure, match, by: { by: "guard", text: "no rule with force-reregister" } },
        `not authorized to take ${excerpt(procedure)} from another user: that needs a permission rule with force-reregister`,
      );
    return found.callees.map(({ member }) => ({ member, found }));
  }

  /** @param released called when others may have the procedure: at once on a router that stands alone */
  #drop(registration: Registration, member: Member, answer?: () => void, released?: () => void): void {
    const callee = calleeOf(registration, member);
    // It may be dropped already: another session registered the procedure while its holder was being removed.
    if (callee === undefined) return released?.();
    this.#ofMember.get(member)?.delete(registration);
    this.#budget.give(member, holdingSize(registration.uri));
    const isGone = this.registrations.remove(registration, member);
    const done = (isLast: boolean): void => {
      if (!member.hasLeft) answer?.();
      this.#tell(MetaTopic.unregistered, registration, member, registration.id);
      if (isLast) this.#tell(MetaTopic.registrationDeleted, registration, member, registration.id);
      released?.();
    };
    if (this.#remote === null) done(isGone);
    else this.#remote.release(registration, callee, done);
  }

  #tell(topic: string, { uri }: Registration, { info, port }: Member, what: number | Dict): void {
    if (isObserved(uri) && !port.service) this.#announce(topic, [info.session, what]);
  }
}

const LOST = "another session holds a procedure now, since the nodes of the router could not reach each other";
const TAKEN = "the procedure was registered by another session";

/** Anonymous sessions are never the same user, whatever authid they have. */
function isSameUser(one: SessionInfo, other: SessionInfo): boolean {
  if (one.authmethod === "anonymous" || other.authmethod === "anonymous") return false;
  return one.authid === other.authid && one.authrole === other.authrole;
}

/** @throws WampError if this realm does not allow callers to disclose themselves */
export function requireDisclosure(options: RealmOptions): void {
  if (options["disclose-me"] === "allow") return;
  throw refusal(ErrorUri.optionDisallowedDiscloseMe, "this realm does not allow callers to disclose themselves");
}
