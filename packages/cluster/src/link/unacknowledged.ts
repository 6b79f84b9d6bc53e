import { BEAT } from "./kinds.ts";

/** What was sent and not acknowledged. */
interface Sent {
  readonly number: number;
  readonly size: number;
  /** When it was sent, in milliseconds of `performance.now()`; null: it does not ask for an acknowledgement. */
  readonly at: number | null;
  /** See kinds.ts. */
  readonly word: string;
}

/** How many acknowledged ones may stay in the list, to be removed at once. */
const SLACK = 1024;

/** What a node has sent to another one, until it is acknowledged. */
export class Unacknowledged {
  #sent: Sent[] = [];
  /** Where the first one that counts is. */
  #first = 0;
  #bytes = 0;
  #waiting: { readonly number: number; readonly resolve: () => void }[] = [];
  readonly #heartbeat: (ms: number) => void;

  /** @param heartbeat called with the milliseconds from a heartbeat to its acknowledgement */
  constructor(heartbeat: (ms: number) => void) {
    this.#heartbeat = heartbeat;
  }

  /** In bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When the oldest one was sent that asks for it, in milliseconds of `performance.now()`; null: there is none. */
  get since(): number | null {
    for (let i = this.#first; i < this.#sent.length; i++) {
      const at = this.#sent[i]?.at ?? null;
      if (at !== null) return at;
    }
    return null;
  }

  /** Whether the last one does not ask for it. */
  get isQuiet(): boolean {
    return this.#first < this.#sent.length && this.#sent.at(-1)?.at === null;
  }

  /** @param asks whether it asks to be acknowledged soon @param word of kinds.ts */
  add(number: number, size: number, asks: boolean, word: string): void {
    this.#sent.push({ number, size, at: asks ? performance.now() : null, word });
    this.#bytes += size;
  }

  /** All up to this number has come. */
  acknowledge(number: number): void {
    for (let next = this.#sent[this.#first]; next !== undefined && next.number <= number;) {
      this.#bytes -= next.size;
      if (next.word === BEAT && next.at !== null) this.#heartbeat(performance.now() - next.at);
      next = this.#sent[++this.#first];
    }
    if (this.#first > SLACK || this.#first === this.#sent.length) {
      this.#sent.splice(0, this.#first);
      this.#first = 0;
    }
    while (this.#waiting[0] !== undefined && this.#waiting[0].number <= number) this.#waiting.shift()?.resolve();
  }

  /** Resolves when all that was sent until now is acknowledged, or never will be. */
  emptied(): Promise<void> {
    const last = this.#sent.at(-1);
    if (last === undefined || this.#first === this.#sent.length) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ number: last.number, resolve }));
  }

  /** Nothing is acknowledged any more. @returns words for what may be lost */
  end(): readonly string[] {
    const lost = this.#sent.slice(this.#first).map(({ word }) => word);
    for (const { resolve } of this.#waiting) resolve();
    this.#sent = [];
    this.#first = 0;
    this.#bytes = 0;
    this.#waiting = [];
    return lost;
  }
}
