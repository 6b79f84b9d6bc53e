import type { Live } from "../../settings/live.ts";
import type { RealmOptions } from "../settings.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
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
import { denied } from "../access/not-authorized.ts";
import type { Denials } from "../access/permissions.ts";
import {
  calleeOf,
  detailsOf,
  type Registration,
  Registrations,
  type RegisterOptions,
  readRegisterOptions,
} from "./registrations.ts";

/** What the registrar asks about the realm's rules: `guards` is whether no pattern gets the calls of a procedure. */
export type RegistrarAccess = Pick<Authorization, "guards" | "mayTakeOver">;

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

  /** @param denials what the member's role may not offer below the pattern that it registers */
  register(member: Member, message: MessageOf<"REGISTER">, denials: Denials | null): void {
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
    if (wanted.force) this.#takeOver(member, procedure, wanted);
    this.#budget.take(member, holdingSize(procedure));
    const registration = this.#add(message, wanted);
    const held = this.#ofMember.get(member) ?? new Set();
    this.#ofMember.set(member, held.add(registration));
    member.send({ type: "REGISTERED", request, registration: registration.id });
    if (registration.callees.length === 1)
      this.#tell(MetaTopic.registrationCreated, registration, member, detailsOf(registration));
    this.#tell(MetaTopic.registered, registration, member, registration.id);
    if (registration.match === "exact") this.#awaited.registered(procedure);
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

  unregister(member: Member, { request, registration: id }: MessageOf<"UNREGISTER">): void {
    const registration = this.registrations.get(id);
    if (registration === undefined || calleeOf(registration, member) === undefined) {
      throw refusal(ErrorUri.noSuchRegistration, `no registration ${id} is held by this session`);
    }
    this.#drop(registration, member, () => member.send({ type: "UNREGISTERED", request }));
  }

  /** Ends a session's registration without its request (spec, advanced/rpc_registration_revocation). */
  revoke(member: Member, registration: Registration, reason: string | null): void {
    this.#drop(registration, member, () => {
      if (!member.announced("callee", "registration_revocation")) return;
      const details = { registration: registration.id, ...(reason === null ? {} : { reason }) };
      member.send({ type: "UNREGISTERED", request: 0, details });
    });
  }

  /** Removes a session that is gone. @returns the work that is left: one function for each of its registrations */
  leave(member: Member): (() => void)[] {
    const held = this.heldBy(member);
    this.#ofMember.delete(member);
    return held.map((registration) => () => this.#drop(registration, member));
  }

  heldBy(member: Member): Registration[] {
    return [...(this.#ofMember.get(member) ?? [])];
  }

  /**
   * The registration that answers calls of `procedure`.
   * @param byRouter whether the router itself calls, for example an authenticator: then no pattern answers
   */
  find(procedure: string, byRouter = false): Registration | undefined {
    return this.registrations.find(procedure, byRouter || this.#access.guards(procedure));
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

  /** @throws WampError if another user has the procedure, and no rule lets the session take it */
  #takeOver(by: Member, procedure: string, { match }: RegisterOptions): void {
    const found = this.registrations.lookUp(procedure, match);
    if (found === undefined) return;
    const isForeign = found.callees.some(({ member }) => !isSameUser(member.info, by.info));
    if (isForeign && !this.#access.mayTakeOver(by.port, { uri: procedure, match }))
      throw denied(
        { action: "register", uri: procedure, rule: "no rule with force-reregister" },
        `not authorized to take ${excerpt(procedure)} from another user: that needs a permission rule with force-reregister`,
      );
    for (const { member } of [...found.callees])
      this.revoke(member, found, "the procedure was registered by another session");
  }

  #drop(registration: Registration, member: Member, answer?: () => void): void {
    // It may be dropped already: another session registered the procedure while its holder was being removed.
    if (calleeOf(registration, member) === undefined) return;
    this.#ofMember.get(member)?.delete(registration);
    this.#budget.give(member, holdingSize(registration.uri));
    const isGone = this.registrations.remove(registration, member);
    answer?.();
    this.#tell(MetaTopic.unregistered, registration, member, registration.id);
    if (isGone) this.#tell(MetaTopic.registrationDeleted, registration, member, registration.id);
  }

  #tell(topic: string, { uri }: Registration, { info, port }: Member, what: number | Dict): void {
    if (isObserved(uri) && !port.service) this.#announce(topic, [info.session, what]);
  }
}

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
