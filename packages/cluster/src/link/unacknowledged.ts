import { BEAT } from "./kinds.ts";

/** An envelope that was sent and not acknowledged, or the one that leaves next. */
interface Sent {
  /** The last one of its parts; `Infinity`: it has not left yet. */
  number: number;
  size: number;
  /** When something was put into it that asks for an acknowledgement, in milliseconds of `performance.now()`; null: nothing was. */
  at: number | null;
  /** When a heartbeat was put into it; null: none was. */
  beatAt: number | null;
  /** Of its contents: see kinds.ts. */
  readonly words: string[];
}

/** How many acknowledged ones may stay in the list, to be removed at once. */
const SLACK = 1024;

/** What a node has sent to another one, until it is acknowledged. */
export class Unacknowledged {
  #sent: Sent[] = [];
  /** Where the first one that counts is. */
  #first = 0;
  #bytes = 0;
  #leaving: Sent | null = null;
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

  /** Whether the envelope that leaves next wants to be acknowledged soon. */
  get asks(): boolean {
    return this.#leaving !== null && this.#leaving.at !== null;
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

  /** Something was put into the envelope that leaves next. @param asks whether it asks to be acknowledged soon @param word of kinds.ts */
  add(size: number, asks: boolean, word: string): void {
    let leaving = this.#leaving;
    if (leaving === null) {
      this.#leaving = leaving = { number: Infinity, size: 0, at: null, beatAt: null, words: [] };
      this.#sent.push(leaving);
    }
    leaving.size += size;
    this.#bytes += size;
    leaving.words.push(word);
    if (!asks) return;
    leaving.at ??= performance.now();
    if (word === BEAT) leaving.beatAt ??= performance.now();
  }

  /** It has left. @param number the last one of its parts */
  left(number: number): void {
    if (this.#leaving !== null) this.#leaving.number = number;
    this.#leaving = null;
  }

  /** All up to this number has come. */
  acknowledge(number: number): void {
    for (let next = this.#sent[this.#first]; next !== undefined && next.number <= number;) {
      this.#bytes -= next.size;
      if (next.beatAt !== null) this.#heartbeat(performance.now() - next.beatAt);
      next = this.#sent[++this.#first];
    }
    if (this.#first > SLACK || this.#first === this.#sent.length) {
      this.#sent.splice(0, this.#first);
      this.#first = 0;
    }
    while (this.#waiting[0] !== undefined && this.#waiting[0].number <= number) this.#waiting.shift()?.resolve();
  }

  /** Resolves when all that has left until now is acknowledged, or never will be. */
  emptied(): Promise<void> {
    const last = this.#sent.at(-1);
    if (last === undefined || this.#first === this.#sent.length) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ number: last.number, resolve }));
  }

  /** Nothing is acknowledged any more. @returns words for what may be lost */
  end(): readonly string[] {
    const lost = this.#sent.slice(this.#first).flatMap(({ words }) => words);
    for (const { resolve } of this.#waiting) resolve();
    this.#sent = [];
    this.#first = 0;
    this.#bytes = 0;
    this.#leaving = null;
    this.#waiting = [];
    return lost;
  }
}
