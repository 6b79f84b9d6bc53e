import { MemoryCarriers } from "@wampgate/cluster";
import { Code } from "@wampgate/core";
import { type Parties, type Party, startParties } from "../support/party.ts";

// Three nodes with faults between them, a client on each, and what holds whatever the faults are.

export const NODES = ["a", "b", "c"] as const;
export const TOPICS = ["com.a", "com.b"] as const;
export const PROCEDURES = ["com.p", "com.q"] as const;

const REALMS = [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }];

/** What an answer may be because of a fault, or since a procedure is held or is not. */
const LEGAL = new Set([
  "wamp.error.canceled",
  "wamp.error.network_failure",
  "wamp.error.no_such_procedure",
  "wamp.error.no_available_callee",
  "wamp.error.procedure_already_exists",
  "wamp.error.no_such_registration",
]);

/** How long the nodes may take until all is well after the last fault, in milliseconds. */
const PATIENCE = 10_000;

let published = 0;

/** A client that answers all invocations with its name and what it got, and checks all that comes. */
export class Client {
  readonly party: Party;
  readonly name: string;
  /** What it holds, as far as it was told: registrations by their ids. */
  readonly holds = new Map<unknown, string>();
  readonly subscribed = new Set<string>();
  /** Events of each topic, by publisher. */
  readonly events: [topic: string, publisher: string, number: number][] = [];
  readonly problems: unknown[] = [];
  readonly #asked = new Map<unknown, { readonly what: string; readonly done: (message: readonly unknown[]) => void }>();
  isGone = false;

  constructor(party: Party, name: string) {
    this.party = party;
    this.name = name;
    this.#listen().catch(() => (this.isGone = true));
  }

  /** Requests that were not answered yet. */
  get pending(): string[] {
    return [...this.#asked.values()].map(({ what }) => what);
  }

  ask(what: string, code: number, ...fields: unknown[]): Promise<readonly unknown[]> {
    return new Promise((done) => this.#asked.set(this.party.request(code, ...fields), { what, done }));
  }

  subscribe(topic: string): void {
    if (this.subscribed.has(topic)) return;
    this.subscribed.add(topic);
    this.#go(this.ask(`subscribe ${topic}`, Code.SUBSCRIBE, {}, topic));
  }

  publish(topic: string, acknowledge: boolean): number {
    const number = ++published;
    const fields = [{ acknowledge, exclude_me: false }, topic, [topic, this.name, number]];
    if (acknowledge) this.#go(this.ask(`publish ${topic}`, Code.PUBLISH, ...fields));
    else this.party.request(Code.PUBLISH, ...fields);
    return number;
  }

  register(procedure: string): void {
    const answered = this.ask(`register ${procedure}`, Code.REGISTER, {}, procedure);
    this.#go(
      answered.then(([code, , id]) => {
        if (code === Code.REGISTERED) this.holds.set(id, procedure);
      }),
    );
  }

  unregister(procedure: string): void {
    for (const [id, held] of this.holds) {
      if (held !== procedure) continue;
      this.holds.delete(id);
      this.#go(this.ask(`unregister ${procedure}`, Code.UNREGISTER, id));
    }
  }

  /** @returns the name of who answered, or the error */
  async call(procedure: string): Promise<string> {
    const number = ++published;
    const [code, , , ...rest] = await this.ask(`call ${procedure}`, Code.CALL, {}, procedure, [number]);
    if (code === Code.ERROR) return String(rest[1]);
    const [[who, got]] = rest as [[string, number]];
    if (got !== number) this.problems.push(["the answer to another call", number, got]);
    return who;
  }

  /** How many sessions its node knows. */
  async count(): Promise<unknown> {
    const [, , , args] = await this.ask("count", Code.CALL, {}, "wamp.session.count");
    return (args as unknown[])[0];
  }

  #go(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.problems.push(error));
  }

  async #listen(): Promise<void> {
    for (;;) this.#take(await this.party.client.next());
  }

  #take(message: readonly unknown[]): void {
    const [code, first, second] = message;
    if (code === Code.EVENT) this.events.push(message[4] as [string, string, number]);
    else if (code === Code.INVOCATION) this.party.yield(first as number, {}, [this.name, (message[4] as unknown[])[0]]);
    else if (code === Code.UNREGISTERED && first === 0)
      this.holds.delete((second as { registration: unknown }).registration);
    else if (code !== Code.INTERRUPT) this.#answered(code === Code.ERROR ? second : first, message);
  }

  #answered(request: unknown, message: readonly unknown[]): void {
    const asked = this.#asked.get(request);
    this.#asked.delete(request);
    if (asked === undefined) this.problems.push(["an answer that was not asked for, or a second one", message]);
    else asked.done(message);
    if (message[0] === Code.ERROR && !LEGAL.has(String(message[4]))) this.problems.push([asked?.what, message]);
  }
}

/** The nodes, their clients, and the faults. */
export class FaultyCluster {
  readonly network: MemoryCarriers;
  readonly clients: (Client | null)[] = [null, null, null];
  readonly #gone: Client[] = [];
  readonly #nodes: (Parties | null)[] = [null, null, null];
  readonly #ending: Promise<unknown>[] = [];
  #clients = 0;
  #alone: number | null = null;
  isLossy = true;

  constructor(delay: () => number, drop: () => boolean) {
    const link = { heartbeat: 20, "dead-after": 120 };
    this.network = new MemoryCarriers({ delay, drop: () => this.isLossy && drop(), maxBytes: 400, link });
  }

  async start(): Promise<void> {
    for (const node of NODES.keys()) await this.restart(node);
  }

  /** Parts a node from the two others, and from the arbiter. */
  part(node: number): void {
    this.#alone = node;
    const [alone = "", ...others] = [...NODES.slice(node), ...NODES.slice(0, node)];
    this.network.part(others, [alone]);
  }

  heal(): void {
    this.#alone = null;
    this.network.part();
  }

  /** Runs one step as the client of a node, if it is there. */
  as(node: number, work: (client: Client) => void): void {
    const client = this.clients[node] ?? null;
    if (client !== null && !client.isGone) work(client);
  }

  kill(node: number): void {
    const [client, router] = [this.clients[node], this.#nodes[node]];
    if (!client || !router) return;
    this.clients[node] = null;
    this.#nodes[node] = null;
    this.network.kill(NODES[node] as string);
    client.isGone = true;
    this.#gone.push(client);
    this.#ending.push(router.close());
  }

  /** A node that reaches no arbiter does not start: it stays away then. */
  async restart(node: number): Promise<void> {
    if (this.clients[node] || node === this.#alone) return;
    const name = NODES[node] as string;
    const router = await startParties(REALMS, undefined, { network: this.network, name });
    this.#nodes[node] = router;
    this.clients[node] = new Client(await router.join(), `${name}${++this.#clients}`);
  }

  /** The client of a node leaves without a word, and another one comes. */
  async replace(node: number): Promise<void> {
    const [client, router] = [this.clients[node], this.#nodes[node]];
    if (!client || !router) return;
    client.isGone = true;
    client.party.vanish();
    this.#gone.push(client);
    this.clients[node] = new Client(await router.join(), `${NODES[node]}${++this.#clients}`);
  }

  /** Ends all faults, and tells what does not hold then. */
  async problems(): Promise<unknown[]> {
    this.isLossy = false;
    this.heal();
    for (const node of NODES.keys()) await this.restart(node);
    const clients = this.clients as Client[];
    const end = performance.now() + PATIENCE;
    let left = await this.#unsettled(clients);
    while (left.length > 0 && performance.now() < end) left = await this.#unsettled(clients);
    const events = [...clients, ...this.#gone].flatMap((client) => outOfOrder(client));
    return [...left, ...events, ...[...clients, ...this.#gone].flatMap(({ problems }) => problems)];
  }

  async close(): Promise<void> {
    this.heal();
    for (const client of this.clients) client?.party.vanish();
    await Promise.all([...this.#ending, ...this.#nodes.map((node) => node?.close())]);
  }

  /** What does not hold yet. */
  async #unsettled(clients: readonly Client[]): Promise<unknown[]> {
    const found: unknown[] = clients.flatMap(({ pending }) => pending.map((what) => ["was not answered", what]));
    for (const client of clients) {
      const count = await client.count();
      if (count !== clients.length) found.push(["sessions", client.name, count]);
    }
    for (const procedure of PROCEDURES) {
      const holders = clients.filter(({ holds }) => [...holds.values()].includes(procedure)).map(({ name }) => name);
      const expected = holders.length === 0 ? ["wamp.error.no_such_procedure"] : holders;
      const answers = new Set<string>();
      for (const client of clients) answers.add(await client.call(procedure));
      if (String([...answers]) !== String(expected))
        found.push([procedure, "held by", holders, "answered by", [...answers]]);
    }
    for (const topic of TOPICS) found.push(...(await this.#unheard(clients, topic)));
    return found;
  }

  async #unheard(clients: readonly Client[], topic: string): Promise<unknown[]> {
    const numbers = clients.map((client) => client.publish(topic, true));
    await this.network.quiet();
    for (const client of clients) await client.count();
    return clients.flatMap(({ name, subscribed, events }) =>
      numbers
        .map((number) => [number, events.filter(([, , got]) => got === number).length])
        .filter(([, times]) => times !== (subscribed.has(topic) ? 1 : 0))
        .map(([number, times]) => ["event", topic, number, "came to", name, times, "times"]),
    );
  }
}

/** Events that came twice, or before an earlier one of their publisher. */
function outOfOrder({ name, events }: Client): unknown[] {
  const last = new Map<string, number>();
  return events.flatMap(([, publisher, number]) => {
    const before = last.get(publisher) ?? 0;
    last.set(publisher, Math.max(before, number));
    return number > before ? [] : [["event", number, "of", publisher, "came to", name, "after", before]];
  });
}
