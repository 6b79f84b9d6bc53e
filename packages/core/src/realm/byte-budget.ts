import { LimitError } from "../errors/limit-error.ts";
import { withoutStack } from "../errors/wamp-error.ts";
import type { Live } from "../settings/live.ts";
import type { Member } from "./member.ts";
import type { RealmOptions } from "./settings.ts";

/** What a subscription or a registration takes beside its URI, which is kept in several places. */
const HOLDING = 512;

/** About how much memory one session's subscription or registration takes, in bytes. */
export function holdingSize(uri: string): number {
  return HOLDING + 4 * uri.length;
}

/** An event that is kept for later: `retain`, or event history. */
export interface KeptEvent {
  readonly bytes: number;
  /** Forgets the event, since its bytes are needed. */
  readonly drop: () => void;
}

/**
 * Counts the memory of what a realm holds for its clients, in bytes: about, but never much too low. Kept events belong to
 * no session: the oldest ones are forgotten when anything else needs their room.
 */
export class ByteBudget {
  readonly #options: Live<RealmOptions>;
  readonly #ofMember = new Map<Member, number>();
  /** The oldest first. */
  readonly #kept = new Set<KeptEvent>();
  /** By sessions alone. */
  #held = 0;
  #total = 0;

  constructor(options: Live<RealmOptions>) {
    this.#options = options;
  }

  /** In bytes. */
  get total(): number {
    return this.#total;
  }

  /** Counts `bytes` for a session. @throws LimitError if the session, or the realm, has no room for them */
  take(member: Member, bytes: number): void {
    // The limits are for clients: the router's own session holds the procedures of all.
    if (member.port.service) return;
    const { "max-bytes-per-session": own, "max-bytes": all } = this.#options.now;
    const held = (this.#ofMember.get(member) ?? 0) + bytes;
    if (held > own)
      throw withoutStack(() => new LimitError("max-bytes-per-session", `a session may hold ${own} bytes at most`));
    if (this.#held + bytes > all)
      throw withoutStack(() => new LimitError("max-bytes", "the realm holds as many bytes as it may; try again later"));
    this.#makeRoom(bytes);
    this.#ofMember.set(member, held);
    this.#held += bytes;
    this.#total += bytes;
  }

  /** What `take` counted is not held any more. */
  give(member: Member, bytes: number): void {
    const held = this.#ofMember.get(member);
    if (held === undefined) return;
    this.#ofMember.set(member, held - bytes);
    this.#held -= bytes;
    this.#total -= bytes;
  }

  /** Nothing is held for a session any more. */
  leave(member: Member): void {
    this.give(member, this.#ofMember.get(member) ?? 0);
    this.#ofMember.delete(member);
  }

  /** Whether an event may be kept without another one being forgotten for it. */
  hasRoom(bytes: number): boolean {
    return this.#total + bytes <= this.#options.now["max-bytes"];
  }

  /** Counts a kept event. @returns whether there is room for it, if all older ones go */
  keep(event: KeptEvent): boolean {
    if (this.#held + event.bytes > this.#options.now["max-bytes"]) return false;
    this.#makeRoom(event.bytes);
    this.#kept.add(event);
    this.#total += event.bytes;
    return true;
  }

  /** An event is not kept any more. */
  forget(event: KeptEvent): void {
    if (this.#kept.delete(event)) this.#total -= event.bytes;
  }

  /** Forgets events past a limit that is lower now. */
  settingsChanged(): void {
    this.#makeRoom(0);
  }

  #makeRoom(bytes: number): void {
    const max = this.#options.now["max-bytes"];
    if (this.#total + bytes <= max) return;
    for (const event of this.#kept) {
      this.forget(event);
      event.drop();
      if (this.#total + bytes <= max) return;
    }
  }
}
