import { ErrorUri } from "../../wamp/error-uris.ts";
import { excerpt } from "../../wamp/excerpt.ts";
import { IdSequence } from "../../wamp/ids.ts";
import type { RefusalReason } from "../../contract/realm-link.ts";
import { INVOCATION_POLICIES, type InvocationPolicy } from "../../wamp/invocation-policy.ts";
import type { MessageOf } from "../../wamp/messages.ts";
import type { Dict } from "../../wamp/payload.ts";
import { isReserved, MATCH_POLICIES, type MatchPolicy } from "../../wamp/uri.ts";
import { refusal, type WampError } from "../../errors/wamp-error.ts";
import type { Member } from "../member.ts";
import { readUint, readBoolean, readEnum } from "../read-options.ts";
import { PatternIndex } from "../pattern-index.ts";
import type { Denials } from "../access/permissions.ts";

/** One session that offers a registration's procedure. */
export interface Callee {
  readonly member: Member;
  /** How many calls it takes at a time; 0: any number. Crossbar's option `concurrency`. */
  readonly concurrency: number;
  /** Whether the callee wants to know who calls. */
  readonly discloseCaller: boolean;
  /** Whether the callee itself ends calls at their timeout. */
  readonly forwardTimeout: boolean;
  /** The number of calls that it has not answered. */
  running: number;
  /** What its role may not offer below the pattern that it registered; null if it may offer all. */
  denials: Denials | null;
  /** Its place among the callees of all nodes. 0 on a router that stands alone. */
  order: number;
}

/** Which callees of a shared registration are called first: those for whom the first one holds, then the next one. */
export type Preferences = readonly ((callee: Callee) => boolean)[];

/** The callees of other nodes that refused a call, and why; null: none did. */
export type Refusals = ReadonlyMap<Callee, RefusalReason> | null;

/** A procedure, or a pattern of procedures, with its callees. */
export interface Registration {
  readonly id: number;
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly invoke: InvocationPolicy;
  readonly created: Date;
  /** In the order of their registration. */
  readonly callees: Callee[];
  /** The position of the next callee, for `roundrobin`. */
  turn: number;
}

/** What REGISTER asks for. */
export interface RegisterOptions {
  readonly match: MatchPolicy;
  readonly invoke: InvocationPolicy;
  /** Crossbar's option: the current holders lose the procedure. */
  readonly force: boolean;
  readonly callee: Callee;
}

/**
 * @param denials what the member's role may not offer below the pattern
 * @throws WampError a protocol violation for an option of a wrong type
 */
export function readRegisterOptions(member: Member, options: Readonly<Dict>, denials: Denials | null): RegisterOptions {
  return {
    match: readEnum(options, "match", MATCH_POLICIES, "exact"),
    invoke: readEnum(options, "invoke", INVOCATION_POLICIES, "single"),
    force: readBoolean(options, "force_reregister", false),
    callee: {
      member,
      concurrency: readUint(options, "concurrency", 0),
      discloseCaller: readBoolean(options, "disclose_caller", false),
      forwardTimeout: readBoolean(options, "forward_timeout", false) && member.announced("callee", "call_timeout"),
      running: 0,
      denials,
      order: 0,
    },
  };
}

/** The registrations of a realm. */
export class Registrations {
  readonly #index = new PatternIndex<Registration>();
  readonly #byId = new Map<number, Registration>();
  readonly #ids = new IdSequence();

  get(id: number): Registration | undefined {
    return this.#byId.get(id);
  }

  lookUp(uri: string, match: MatchPolicy): Registration | undefined {
    return this.#index.get(match, uri);
  }

  /**
   * The registration that answers calls of `procedure`. A pattern never answers calls of the router's own URIs.
   * @param exactAlone whether patterns are left out, for example for guarded URIs
   */
  find(procedure: string, exactAlone: boolean, refused: Refusals = null): Registration | undefined {
    const exact = this.#index.get("exact", procedure);
    if (exact !== undefined && isAnswered(exact, procedure, refused)) return exact;
    if (exactAlone || isReserved(procedure)) return undefined;
    return this.#index.patternsOf(procedure).find((registration) => isAnswered(registration, procedure, refused));
  }

  all(match: MatchPolicy): Iterable<Registration> {
    return this.#index.values(match);
  }

  /**
   * Adds a callee to the registration of its procedure. Creates the registration if there is none.
   * @throws WampError `wamp.error.procedure_already_exists`
   */
  add({ procedure }: MessageOf<"REGISTER">, { match, invoke, callee }: RegisterOptions): Registration {
    const found = this.#index.get(match, procedure);
    if (found === undefined) {
      const callees = [callee];
      const made = { id: this.#ids.next(), uri: procedure, match, invoke, created: new Date(), callees, turn: 0 };
      this.#index.set(match, procedure, made);
      this.#byId.set(made.id, made);
      return made;
    }
    if (invoke === "single" || found.invoke !== invoke || calleeOf(found, callee.member) !== undefined) {
      throw isHeld(procedure, found);
    }
    found.callees.push(callee);
    return found;
  }

  /**
   * Adds a callee that has a claim on its procedure. Another registration of the procedure is gone, even if its node has
   * not told so yet.
   * @returns null if this one is gone itself: there is a later one
   */
  addClaimed(claimed: Claimed, callee: Callee): Registration | null {
    const { id, match, uri } = claimed;
    const found = this.#index.get(match, uri);
    if (found !== undefined && found.id > id) return null;
    if (found?.id !== id) {
      if (found !== undefined) this.#byId.delete(found.id);
      const made = { ...claimed, callees: [callee], turn: 0 };
      this.#index.set(match, uri, made);
      this.#byId.set(id, made);
      return made;
    }
    const { callees } = found;
    const at = callees.findIndex(({ order }) => order > callee.order);
    callees.splice(at === -1 ? callees.length : at, 0, callee);
    if (at !== -1 && at < found.turn) found.turn++;
    return found;
  }

  /** Removes a callee. @returns whether the registration is gone with it */
  remove(registration: Registration, member: Member): boolean {
    const { callees, match, uri, id } = registration;
    const at = callees.findIndex((callee) => callee.member === member);
    if (at === -1) return false;
    callees.splice(at, 1);
    if (registration.turn > at) registration.turn--;
    if (callees.length > 0) return false;
    // A later registration may have its place already.
    if (this.#index.get(match, uri) === registration) this.#index.delete(match, uri);
    this.#byId.delete(id);
    return true;
  }
}

/** A registration as its claim has it. */
export type Claimed = Pick<Registration, "id" | "uri" | "match" | "invoke" | "created">;

/** The error for a procedure that another session holds, or that others share in another way. */
export function isHeld(procedure: string, found: Registration | undefined): WampError {
  const shared = found === undefined || found.invoke === "single" ? "" : `, shared by invoke: ${found.invoke}`;
  return refusal(ErrorUri.procedureAlreadyExists, `the procedure ${excerpt(procedure)} is registered already${shared}`);
}

export function calleeOf({ callees }: Registration, member: Member): Callee | undefined {
  return callees.find((callee) => callee.member === member);
}

function isAnswered({ callees }: Registration, procedure: string, refused: Refusals): boolean {
  for (const callee of callees)
    if (mayAnswer(callee, procedure) && (refused === null || refused.get(callee) !== "not-here")) return true;
  return false;
}

/** Whether a callee has not left, and its role may offer `procedure`, which its registration covers. */
export function mayAnswer({ member, denials }: Callee, procedure: string): boolean {
  return !member.hasLeft && (denials === null || !denials(procedure));
}

export function hasRoom({ concurrency, running }: Callee): boolean {
  return concurrency === 0 || running < concurrency;
}

function canTake(callee: Callee, procedure: string, maxBacklog: number): boolean {
  return hasRoom(callee) && mayAnswer(callee, procedure) && callee.member.port.backlog <= maxBacklog;
}

/** A callee that could take one more call of `procedure`, but reads too slowly; undefined if there is none. */
export function busyCallee({ callees }: Registration, procedure: string, refused: Refusals): Callee | undefined {
  return callees.find((callee) => hasRoom(callee) && mayAnswer(callee, procedure) && refused?.has(callee) !== true);
}

/**
 * The callee of the next call of `procedure`; null if none can take it.
 * @param maxBacklog how much may wait for it, as a share of its `max-buffered`
 * @param preferences which of several are tried first
 */
export function nextCallee(
  registration: Registration,
  procedure: string,
  maxBacklog: number,
  refused: Refusals,
  preferences: Preferences,
): Callee | null {
  const { callees } = registration;
  const first = callees[0] as Callee;
  if (callees.length === 1 && refused === null) return canTake(first, procedure, maxBacklog) ? first : null;
  const isFree = (callee: Callee): boolean =>
    canTake(callee, procedure, maxBacklog) && (refused === null || !refused.has(callee));
  for (const isPreferred of preferences) {
    const found = chosen(registration, (callee) => isPreferred(callee) && isFree(callee));
    if (found !== null) return found;
  }
  return null;
}

/** The callee of those that are free whose turn it is. */
function chosen(registration: Registration, isFree: (callee: Callee) => boolean): Callee | null {
  const { callees, invoke } = registration;
  switch (invoke) {
    case "last":
      return callees.findLast(isFree) ?? null;
    case "random": {
      const free = callees.filter(isFree);
      return free[Math.floor(Math.random() * free.length)] ?? null;
    }
    case "roundrobin":
      for (let i = 0; i < callees.length; i++) {
        const at = (registration.turn + i) % callees.length;
        const callee = callees[at] as Callee;
        if (!isFree(callee)) continue;
        registration.turn = at + 1;
        return callee;
      }
      return null;
    default:
      return callees.find(isFree) ?? null;
  }
}

/** A registration, as the meta API shows it. */
export function detailsOf({ id, created, match, invoke, uri }: Registration): Dict {
  return { id, created: created.toISOString(), match, invoke, uri };
}
