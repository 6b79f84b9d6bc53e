import { Code } from "@wampgate/core";

// A small model of one realm: who holds what, and what each message makes the router send. Written without a look at
// the router's own data structures, so that a mistake there is not made here too.

export type Match = "exact" | "prefix" | "wildcard";
export type Invoke = "single" | "first" | "last" | "roundrobin";

/** Something the router is expected to send to a client. Ids that only the router can know are `null`. */
export type Expected = readonly unknown[];

interface Subscription {
  readonly uri: string;
  readonly match: Match;
  readonly members: Set<number>;
}
interface Registration {
  readonly uri: string;
  readonly invoke: Invoke;
  readonly callees: number[];
  /** Whose turn it is next, by who counts it. */
  readonly turns: Map<number, number>;
}
interface Call {
  readonly caller: number;
  readonly request: number;
  readonly callee: number;
  readonly invocation: number;
  readonly uri: string;
}

/** Who counts the turns of `roundrobin`: the one router, or the node of each caller. */
export type Turns = "one" | "each";

export class Model {
  readonly subscriptions: Subscription[] = [];
  readonly registrations: Registration[] = [];
  readonly calls: Call[] = [];
  readonly #interrupted = new WeakSet<Call>();
  readonly #testaments = new Map<number, string[]>();
  readonly #invocations = new Map<number, number>();
  #out: [client: number, message: Expected][] = [];
  readonly #turns: Turns;

  constructor(turns: Turns = "one") {
    this.#turns = turns;
  }

  /** What has to arrive since this was last asked, by client. */
  take(): [client: number, message: Expected][] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  subscribe(client: number, request: number, uri: string, match: Match): void {
    const found = this.subscriptions.find((other) => other.uri === uri && other.match === match);
    const subscription = found ?? { uri, match, members: new Set<number>() };
    if (found === undefined) this.subscriptions.push(subscription);
    subscription.members.add(client);
    this.#say(client, [Code.SUBSCRIBED, request, `${match} ${uri}`]);
  }

  unsubscribe(client: number, request: number, subscription: Subscription | null): void {
    if (subscription?.members.delete(client) === true) this.#say(client, [Code.UNSUBSCRIBED, request]);
    else this.#refuse(client, Code.UNSUBSCRIBE, request, "wamp.error.no_such_subscription");
    this.#tidy();
  }

  publish(client: number, request: number | null, topic: string, excludeMe: boolean, args: readonly unknown[]): void {
    for (const { uri, match, members } of this.subscriptions) {
      if (!falls(uri, match, topic)) continue;
      const details = match === "exact" ? {} : { topic };
      for (const member of members) {
        if (member !== client || !excludeMe) this.#say(member, [Code.EVENT, `${match} ${uri}`, null, details, args]);
      }
    }
    if (request !== null) this.#say(client, [Code.PUBLISHED, request, null]);
  }

  register(client: number, request: number, uri: string, invoke: Invoke): void {
    const found = this.registrations.find((other) => other.uri === uri);
    const joins = found?.invoke === invoke && invoke !== "single";
    if (found !== undefined && !joins) {
      this.#refuse(client, Code.REGISTER, request, "wamp.error.procedure_already_exists");
      return;
    }
    if (found === undefined) this.registrations.push({ uri, invoke, callees: [client], turns: new Map() });
    else if (!found.callees.includes(client)) found.callees.push(client);
    this.#say(client, [Code.REGISTERED, request, uri]);
  }

  unregister(client: number, request: number, registration: Registration | null): void {
    if (registration?.callees.includes(client) === true) {
      this.#removeCallee(registration, client);
      this.#say(client, [Code.UNREGISTERED, request]);
    } else this.#refuse(client, Code.UNREGISTER, request, "wamp.error.no_such_registration");
    this.#tidy();
  }

  call(client: number, request: number, uri: string, args: readonly unknown[]): void {
    const registration = this.registrations.find((other) => other.uri === uri);
    if (registration === undefined) {
      this.#refuse(client, Code.CALL, request, "wamp.error.no_such_procedure");
      return;
    }
    const callee = this.#choose(registration, this.#turns === "one" ? 0 : client);
    const invocation = (this.#invocations.get(callee) ?? 0) + 1;
    this.#invocations.set(callee, invocation);
    this.calls.push({ caller: client, request, callee, invocation, uri });
    this.#say(callee, [Code.INVOCATION, invocation, uri, {}, args]);
  }

  yield(call: Call, args: readonly unknown[]): void {
    this.#end(call);
    this.#say(call.caller, [Code.RESULT, call.request, {}, args]);
  }

  fail(call: Call, error: string): void {
    this.#end(call);
    this.#refuse(call.caller, Code.CALL, call.request, error);
  }

  cancel(call: Call, mode: "skip" | "kill" | "killnowait"): void {
    if (mode !== "skip") this.#interrupt(call, mode);
    if (mode === "kill") return;
    this.#end(call);
    this.#refuse(call.caller, Code.CALL, call.request, "wamp.error.canceled");
  }

  addTestament(client: number, request: number, topic: string): void {
    this.#testaments.set(client, [...(this.#testaments.get(client) ?? []), topic]);
    this.#say(client, [Code.RESULT, request, {}]);
  }

  leave(client: number): void {
    for (const { members } of this.subscriptions) members.delete(client);
    for (const registration of this.registrations) this.#removeCallee(registration, client);
    this.#tidy();
    for (const call of this.calls.filter(({ caller, callee }) => caller === client || callee === client)) {
      this.#end(call);
      if (call.callee !== client) this.#interrupt(call, "killnowait");
      if (call.caller !== client) this.#refuse(call.caller, Code.CALL, call.request, "wamp.error.canceled");
    }
    for (const topic of this.#testaments.get(client) ?? []) this.publish(client, null, topic, true, ["testament"]);
    this.#testaments.delete(client);
    this.#invocations.delete(client);
  }

  #choose({ callees, invoke, turns }: Registration, counter: number): number {
    if (invoke === "last") return callees.at(-1) as number;
    if (invoke !== "roundrobin") return callees[0] as number;
    const at = (turns.get(counter) ?? 0) % callees.length;
    turns.set(counter, at + 1);
    return callees[at] as number;
  }

  #removeCallee(registration: Registration, client: number): void {
    const at = registration.callees.indexOf(client);
    if (at === -1) return;
    registration.callees.splice(at, 1);
    for (const [counter, turn] of registration.turns) if (at < turn) registration.turns.set(counter, turn - 1);
  }

  /** What nobody holds any more is gone. */
  #tidy(): void {
    const held = this.subscriptions.filter(({ members }) => members.size > 0);
    this.subscriptions.splice(0, Infinity, ...held);
    const offered = this.registrations.filter(({ callees }) => callees.length > 0);
    this.registrations.splice(0, Infinity, ...offered);
  }

  #end(call: Call): void {
    this.calls.splice(this.calls.indexOf(call), 1);
  }

  /** A callee is interrupted once. */
  #interrupt(call: Call, mode: string): void {
    if (this.#interrupted.has(call)) return;
    this.#interrupted.add(call);
    const { callee, invocation } = call;
    this.#say(callee, [Code.INTERRUPT, invocation, { mode, reason: "wamp.error.canceled" }]);
  }

  #refuse(client: number, type: number, request: number, error: string): void {
    this.#say(client, [Code.ERROR, type, request, {}, error]);
  }

  #say(client: number, message: Expected): void {
    this.#out.push([client, message]);
  }
}

function falls(pattern: string, match: Match, topic: string): boolean {
  if (match === "exact") return pattern === topic;
  if (match === "prefix") return topic.startsWith(pattern);
  const [wanted, found] = [pattern.split("."), topic.split(".")];
  return wanted.length === found.length && wanted.every((part, i) => part === "" || part === found[i]);
}
