/** Counts connections that have not logged in yet, in total and by address. */
export class PendingLogins {
  readonly #byAddress = new Map<string, number>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @param address null if there is none: then only the total counts */
  of(address: string | null): number {
    return address === null ? 0 : (this.#byAddress.get(address) ?? 0);
  }

  enter(address: string | null): void {
    this.#count++;
    if (address !== null) this.#byAddress.set(address, this.of(address) + 1);
  }

  leave(address: string | null): void {
    this.#count--;
    if (address === null) return;
    const left = this.of(address) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
  }
}
