import { ErrorUri } from "../../wamp/error-uris.ts";
import { kindOf } from "../../wamp/messages.ts";
import type { Dict, Payload } from "../../wamp/payload.ts";
import type { RawValue } from "../../wamp/raw-value.ts";
import { refusal, type WampError } from "../../errors/wamp-error.ts";
import type { ByteBudget, KeptEvent } from "../byte-budget.ts";
import type { Member } from "../member.ts";
import type { Denials } from "../access/permissions.ts";
import { kept, type Publication, sizeOfKept } from "./publication.ts";

/** An event, as `wamp.subscription.get_events` shows it (spec, advanced/pubsub_event_history). */
export interface PastEvent {
  readonly timestamp: string;
  readonly subscription: number;
  readonly publication: number;
  readonly details: Readonly<Dict>;
  readonly args?: readonly unknown[] | RawValue;
  readonly kwargs?: Readonly<Dict> | RawValue;
}

interface Entry extends KeptEvent {
  /** When it was published: see `HybridClock`. */
  readonly at: number;
  readonly publication: Publication;
}

/** The last events of one subscription, kept in memory. */
export class History {
  #limit: number;
  /** The oldest first. */
  readonly #entries: Entry[] = [];
  /** By publication. */
  readonly #ids = new Set<number>();
  readonly #budget: ByteBudget;

  /** @param limit how many events are kept */
  constructor(limit: number, budget: ByteBudget) {
    this.#limit = limit;
    this.#budget = budget;
  }

  /** Keeps at most `limit` events from now on. */
  shorten(limit: number): void {
    this.#limit = limit;
    for (const entry of this.#entries.splice(0, Math.max(0, this.#entries.length - limit))) {
      this.#budget.forget(entry);
      this.#ids.delete(entry.publication.id);
    }
  }

  /**
   * Keeps an event at its place, unless it is there already, or was for certain session ids: a session that asks later has
   * another id.
   *
   * @param at when it was published
   * @param isCopy whether another node had kept it: nothing else is forgotten for it
   */
  add(published: Publication, at: number, isCopy = false): void {
    if (published.audience?.namesSessions === true || this.#ids.has(published.id)) return;
    const isOlder = (other: Entry): boolean => isBefore(at, published.id, other);
    const place = 1 + this.#entries.findLastIndex((other) => !isOlder(other));
    if (place === 0 && this.#entries.length >= this.#limit) return;
    const publication = kept(published);
    const entry: Entry = { at, publication, bytes: sizeOfKept(publication), drop: () => this.#drop(entry) };
    if (isCopy && !this.#budget.hasRoom(entry.bytes)) return;
    this.#entries.splice(place, 0, entry);
    this.#ids.add(publication.id);
    if (!this.#budget.keep(entry)) this.#drop(entry);
    this.shorten(this.#limit);
  }

  /** What is kept, the oldest first. */
  all(): readonly Pick<Entry, "at" | "publication" | "bytes">[] {
    return this.#entries;
  }

  #drop(entry: Entry): void {
    const place = this.#entries.indexOf(entry);
    if (place !== -1) this.#entries.splice(place, 1);
    this.#ids.delete(entry.publication.id);
  }

  /**
   * The events that `member` may see and that pass the filters in `kwargs`.
   * @param isDenied whether the member's role may not get a topic; null if it may get all
   * @throws WampError `wamp.error.invalid_argument`
   */
  events(member: Member, subscription: number, kwargs: Readonly<Dict>, isDenied: Denials | null): PastEvent[] {
    const reverse = kwargs["reverse"] ?? false;
    const limit = kwargs["limit"] ?? this.#limit;
    if (typeof reverse !== "boolean") throw invalid("reverse", "true or false", reverse);
    if (!Number.isInteger(limit) || (limit as number) < 1) throw invalid("limit", "a whole number from 1", limit);
    const within = [...timeFilters(kwargs), ...this.#publicationFilters(kwargs), topicFilter(kwargs)];
    const seen = this.#entries.filter(
      (entry, i) =>
        entry.publication.audience?.has(member.info) !== false &&
        isDenied?.(entry.publication.topic) !== true &&
        within.every((filter) => filter(entry, i)),
    );
    const ordered = reverse ? seen.reverse() : seen;
    return ordered.slice(0, limit as number).map(({ at, publication: { id, topic, details, payload } }) => {
      const { args, kwargs: named } = partsOf(payload);
      return {
        timestamp: new Date(at / 1000).toISOString(),
        subscription,
        publication: id,
        details: { ...details, topic },
        ...(args === undefined ? {} : { args }),
        ...(named === undefined ? {} : { kwargs: named }),
      };
    });
  }

  #publicationFilters(kwargs: Readonly<Dict>): Filter[] {
    return (["from", "after", "before", "until"] as const).flatMap((word) => {
      const id = kwargs[`${word}_publication`];
      if (id === undefined) return [];
      const at = this.#entries.findIndex(({ publication }) => publication.id === id);
      if (at === -1) throw refusal(ErrorUri.invalidArgument, `${word}_publication is not an event of this history`);
      return [(_entry, i) => compared(word, i, at)];
    });
  }
}

/** Whether an event is older than another one: at the same time all nodes take the same one for older. */
function isBefore(at: number, id: number, other: Entry): boolean {
  return at === other.at ? id < other.publication.id : at < other.at;
}

/** As the bytes that came, if there are any. What is empty and need not be sent is left out, as for other nodes. */
function partsOf(payload: Payload | undefined): Pick<PastEvent, "args" | "kwargs"> {
  const raw = payload?.raw() ?? null;
  if (raw === null) {
    const { args = [], kwargs = {} } = payload?.values() ?? {};
    if (Object.keys(kwargs).length > 0) return { args, kwargs };
    return args.length > 0 ? { args } : {};
  }
  const [args, kwargs] = [raw.get(0), raw.get(1)];
  return { ...(args === undefined ? {} : { args }), ...(kwargs === undefined ? {} : { kwargs }) };
}

type Filter = (entry: Entry, position: number) => boolean;
type Bound = "from" | "after" | "before" | "until";

function compared(word: Bound, value: number, bound: number): boolean {
  if (word === "from") return value >= bound;
  if (word === "after") return value > bound;
  return word === "before" ? value < bound : value <= bound;
}

function timeFilters(kwargs: Readonly<Dict>): Filter[] {
  return (["from", "after", "before", "until"] as const).flatMap((word) => {
    const key = `${word}_time`;
    const value = kwargs[key];
    if (value === undefined) return [];
    const bound = typeof value === "string" ? Date.parse(value) : NaN;
    if (Number.isNaN(bound)) throw invalid(key, "a time as in RFC 3339", value);
    return [({ at }) => compared(word, Math.floor(at / 1000), bound)];
  });
}

function topicFilter({ topic }: Readonly<Dict>): Filter {
  if (topic !== undefined && typeof topic !== "string") throw invalid("topic", "a string", topic);
  return ({ publication }) => topic === undefined || publication.topic === topic;
}

function invalid(key: string, expected: string, found: unknown): WampError {
  return refusal(ErrorUri.invalidArgument, `${key} must be ${expected}, found ${kindOf(found)}`);
}
