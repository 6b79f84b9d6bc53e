/** What was sent and not acknowledged. */
interface Sent {
  readonly number: number;
  readonly size: number;
  /** When it was sent, in milliseconds of `performance.now()`. */
  readonly at: number;
  readonly isEvent: boolean;
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

  /** In bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When the oldest one was sent, in milliseconds of `performance.now()`; null: all is acknowledged. */
  get since(): number | null {
    return this.#sent[this.#first]?.at ?? null;
  }

  add(number: number, size: number, isEvent: boolean): void {
    this.#sent.push({ number, size, at: performance.now(), isEvent });
    this.#bytes += size;
  }

  /** All up to this number has come. */
  acknowledge(number: number): void {
    for (let next = this.#sent[this.#first]; next !== undefined && next.number <= number;) {
      this.#bytes -= next.size;
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

  /** Nothing is acknowledged any more. @returns how many events may be lost */
  end(): number {
    const events = this.#sent.slice(this.#first).filter(({ isEvent }) => isEvent).length;
    for (const { resolve } of this.#waiting) resolve();
    this.#sent = [];
    this.#first = 0;
    this.#bytes = 0;
    this.#waiting = [];
    return events;
  }
}
