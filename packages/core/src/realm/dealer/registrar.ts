import type { Live } from "../../settings/live.ts";
import type { RealmOptions } from "../settings.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
import type { MessageOf } from "../../wamp/messages.ts";
import type { Dict } from "../../wamp/payload.ts";
import { WampError } from "../../errors/wamp-error.ts";
import { AwaitedProcedures } from "./awaited-procedures.ts";
import type { Member } from "../member.ts";
import { isObserved, MetaTopic } from "../meta/topics.ts";
import { requireRoom } from "../read-options.ts";
import type { Denials } from "../access/permissions.ts";
import {
  calleeOf,
  detailsOf,
  type Registration,
  Registrations,
  type RegisterOptions,
  readRegisterOptions,
} from "./registrations.ts";

/**
 * The procedures of one realm and their callees: REGISTER and UNREGISTER (spec, basic/rpc and
 * advanced/rpc_*registration*).
 */
export class Registrar {
  readonly registrations = new Registrations();
  readonly #ofMember = new Map<Member, Set<Registration>>();
  readonly #awaited = new AwaitedProcedures();
  readonly #options: Live<RealmOptions>;
  readonly #isGuarded: (procedure: string) => boolean;
  readonly #announce: (topic: string, args: readonly unknown[]) => void;

  /**
   * @param isGuarded whether calls of a procedure never go to a pattern; asked at each call, so that a reload takes
   * effect at once
   * @param announce publishes a meta event
   */
  constructor(
    options: Live<RealmOptions>,
    isGuarded: (procedure: string) => boolean,
    announce: (topic: string, args: readonly unknown[]) => void,
  ) {
    this.#options = options;
    this.#isGuarded = isGuarded;
    this.#announce = announce;
  }

  /** @param denials what the member's role may not offer below the pattern that it registers */
  register(member: Member, message: MessageOf<"REGISTER">, denials: Denials | null): void {
    const { request, options, procedure } = message;
    const wanted = readRegisterOptions(member, options, denials);
    if (wanted.callee.discloseCaller) requireDisclosure(this.#options.now);
    requireRoom(
      this.#ofMember.get(member)?.size ?? 0,
      this.#options.now["max-registrations"],
      "max-registrations",
      "registrations",
    );
    this.#dropGone(procedure, wanted);
    if (wanted.force) this.#takeOver(procedure, wanted);
    const registration = this.registrations.add(message, wanted);
    const held = this.#ofMember.get(member) ?? new Set();
    this.#ofMember.set(member, held.add(registration));
    member.send({ type: "REGISTERED", request, registration: registration.id });
    if (registration.callees.length === 1)
      this.#tell(MetaTopic.registrationCreated, registration, member, detailsOf(registration));
    this.#tell(MetaTopic.registered, registration, member, registration.id);
    if (registration.match === "exact") this.#awaited.registered(procedure);
  }

  unregister(member: Member, { request, registration: id }: MessageOf<"UNREGISTER">): void {
    const registration = this.registrations.get(id);
    if (registration === undefined || calleeOf(registration, member) === undefined) {
      throw new WampError(ErrorUri.noSuchRegistration, `no registration ${id} is held by this session`);
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
    return this.registrations.find(procedure, byRouter || this.#isGuarded(procedure));
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

  #takeOver(procedure: string, { match }: RegisterOptions): void {
    const found = this.registrations.lookUp(procedure, match);
    for (const { member } of [...(found?.callees ?? [])]) {
      if (found !== undefined) this.revoke(member, found, "the procedure was registered by another session");
    }
  }

  #drop(registration: Registration, member: Member, answer?: () => void): void {
    // It may be dropped already: another session registered the procedure while its holder was being removed.
    if (calleeOf(registration, member) === undefined) return;
    this.#ofMember.get(member)?.delete(registration);
    const isGone = this.registrations.remove(registration, member);
    answer?.();
    this.#tell(MetaTopic.unregistered, registration, member, registration.id);
    if (isGone) this.#tell(MetaTopic.registrationDeleted, registration, member, registration.id);
  }

  #tell(topic: string, { uri }: Registration, { info, port }: Member, what: number | Dict): void {
    if (isObserved(uri) && !port.service) this.#announce(topic, [info.session, what]);
  }
}

/** @throws WampError if this realm does not allow callers to disclose themselves */
export function requireDisclosure(options: RealmOptions): void {
  if (options["disclose-me"] === "allow") return;
  throw new WampError(ErrorUri.optionDisallowedDiscloseMe, "this realm does not allow callers to disclose themselves");
}
