import { Code } from "@wampgate/core";
import type { Party } from "../support/party.ts";
import { Model, type Turns } from "./model.ts";

export const CLIENTS = [0, 1, 2];

/** The router's clients, and the model of what they should see. */
export class World {
  readonly model: Model;
  readonly parties: Party[] = [];
  /** What the router calls a subscription or a registration, once it has said so. */
  readonly ids = new Map<string, number>();
  readonly join: (client: number) => Promise<Party>;
  /** Resolves when nothing is on its way between routers. */
  readonly quiet: () => Promise<void>;

  /**
   * @param join joins as the client of this number
   * @param quiet resolves when nothing is on its way between routers
   */
  constructor(
    join: (client: number) => Promise<Party>,
    quiet: () => Promise<void> = () => Promise.resolve(),
    turns: Turns = "one",
  ) {
    this.join = join;
    this.quiet = quiet;
    this.model = new Model(turns);
  }

  party(client: number): Party {
    return this.parties[client] as Party;
  }

  /** Waits until all clients have got all that was meant for them, and compares. */
  async settle(): Promise<void> {
    await this.quiet();
    const expected = this.model.take();
    for (const client of CLIENTS) {
      const got = await this.#received(client);
      const wanted = expected.filter(([to]) => to === client).map(([, message]) => this.#withIds(message, got));
      expect(sorted(got)).toEqual(sorted(wanted));
    }
  }

  /** What a client has got, less the answer that ends the waiting. */
  async #received(client: number): Promise<unknown[][]> {
    const party = this.party(client);
    const request = party.call("wamp.session.count");
    const got: unknown[][] = [];
    for (;;) {
      const message = [...(await party.client.next())];
      if (message[0] === Code.RESULT && message[1] === request) return got;
      got.push(message[0] === Code.ERROR ? message.slice(0, 5) : message);
    }
  }

  /** A message of the model with the router's ids: those already known, or those that are now told. */
  #withIds(message: readonly unknown[], got: readonly unknown[][]): unknown[] {
    const copy = [...message];
    const [code, request] = message;
    if (code === Code.SUBSCRIBED || code === Code.REGISTERED) {
      const name = `${String(code)} ${String(message[2])}`;
      const told = got.find((other) => other[0] === code && other[1] === request)?.[2] as number;
      if (!this.ids.has(name)) this.ids.set(name, told);
      copy[2] = this.ids.get(name);
    }
    if (code === Code.EVENT) copy[1] = this.ids.get(`${Code.SUBSCRIBED} ${String(message[1])}`);
    if (code === Code.INVOCATION) copy[2] = this.ids.get(`${Code.REGISTERED} ${String(message[2])}`);
    return copy.map((value, i) => (value === null && i > 0 ? (expect.any(Number) as unknown) : value));
  }

  /** Ids of what is gone mean nothing any more: the next one of that name gets a new one. */
  forgetTheGone(): void {
    const held = new Set([
      ...this.model.subscriptions.map(({ match, uri }) => `${Code.SUBSCRIBED} ${match} ${uri}`),
      ...this.model.registrations.map(({ uri }) => `${Code.REGISTERED} ${uri}`),
    ]);
    for (const name of this.ids.keys()) if (!held.has(name)) this.ids.delete(name);
  }
}

/** In an order of its own, since nothing is promised about events of several subscriptions. */
function sorted(messages: readonly unknown[][]): unknown[][] {
  const key = (message: unknown[]): string =>
    JSON.stringify(
      message[0] === Code.EVENT || message[0] === Code.PUBLISHED ? [...message.slice(0, 2), message[3]] : message,
    );
  return [...messages].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
