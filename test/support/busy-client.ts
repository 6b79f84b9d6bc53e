import { Code } from "@wampgate/core";
import type { FakeClient, WireMessage } from "@wampgate/plugin-testkit";
import { connectLight, type LightClient } from "./light-client.ts";

/** How a request ended: `result`, the URI of an error, or `closed` with its connection. */
export type End = string;

/** What an event told. */
export interface HeardEvent {
  readonly subscription: number;
  readonly publication: number;
  readonly details: Readonly<Record<string, unknown>>;
  readonly args: readonly unknown[];
}

/** Answers the calls of a procedure. Null: not at all. */
export type Answer = ((args: readonly unknown[]) => readonly unknown[]) | null;

const FEATURES = { call_canceling: true, progressive_call_results: true, registration_revocation: true };

/** A client over a real socket with many requests at once, which knows how each one ended. */
export class BusyClient {
  session = 0;
  /** What no router may send. */
  readonly problems: string[] = [];
  /** The invocations that were interrupted. */
  readonly interrupted = new Set<unknown>();
  /** Registrations that the router ended, with the reason. */
  readonly revoked: [unknown, unknown][] = [];
  /** The reason of GOODBYE. */
  goodbye: unknown = null;
  readonly #client: LightClient;
  readonly #waiting = new Map<number, (message: WireMessage | null) => void>();
  readonly #answers = new Map<unknown, Answer>();
  readonly #heard = new Map<unknown, (event: HeardEvent) => void>();
  #request = 0;
  isClosed = false;

  private constructor(client: LightClient) {
    this.#client = client;
  }

  /** @param hello what HELLO says beside the realm and the roles */
  static async join(url: string, hello: Record<string, unknown> = { authmethods: ["anonymous"] }): Promise<BusyClient> {
    const client = await connectLight(url);
    const features = { ...FEATURES };
    client.hello({ ...hello, roles: { caller: { features }, callee: { features }, publisher: {}, subscriber: {} } });
    const busy = new BusyClient(client);
    busy.session = (await (client as FakeClient).welcomed()).session;
    client.socket.once("close", () => busy.#closed());
    void busy.#read();
    return busy;
  }

  /** @returns how it ended, and the arguments of the result */
  async call(procedure: string, args: readonly unknown[] = [], options: object = {}): Promise<[End, unknown[]]> {
    const message = await this.#ask(Code.CALL, options, procedure, args);
    return [endOf(message), message?.[0] === Code.RESULT ? ((message[3] as unknown[] | undefined) ?? []) : []];
  }

  async register(procedure: string, answer: Answer = (args) => args, options: object = {}): Promise<[End, number]> {
    const message = await this.#ask(Code.REGISTER, options, procedure);
    if (message?.[0] !== Code.REGISTERED) return [endOf(message), 0];
    this.#answers.set(message[2], answer);
    return ["result", message[2] as number];
  }

  async unregister(registration: number): Promise<End> {
    return endOf(await this.#ask(Code.UNREGISTER, registration));
  }

  async subscribe(topic: string, heard: (event: HeardEvent) => void, options: object = {}): Promise<End> {
    const message = await this.#ask(Code.SUBSCRIBE, options, topic);
    if (message?.[0] === Code.SUBSCRIBED) this.#heard.set(message[2], heard);
    return endOf(message);
  }

  /** Publishes with acknowledgement. */
  async publish(topic: string, args: readonly unknown[], options: object = {}): Promise<End> {
    return endOf(await this.#ask(Code.PUBLISH, { acknowledge: true, ...options }, topic, args));
  }

  /** Publishes and waits for nothing. */
  tell(topic: string, args: readonly unknown[]): void {
    this.#client.send(Code.PUBLISH, ++this.#request, {}, topic, args);
  }

  /** Hangs up without a word. */
  vanish(): void {
    this.#client.close();
  }

  /** Stops reading, so that what comes waits in the router. */
  pause(): void {
    this.#client.socket.pause();
  }

  #ask(code: number, ...fields: unknown[]): Promise<WireMessage | null> {
    if (this.isClosed) return Promise.resolve(null);
    const request = ++this.#request;
    return new Promise((resolve) => {
      this.#waiting.set(request, resolve);
      this.#client.send(code, request, ...fields);
    });
  }

  async #read(): Promise<void> {
    while (!this.isClosed) {
      const message = await this.#client.next().catch(() => null); // closed, or quiet for long
      if (message !== null) this.#take(message);
    }
  }

  #take(message: WireMessage): void {
    const [code, one, two, three, four] = message;
    switch (code) {
      case Code.INVOCATION: {
        const answer = this.#answers.get(two);
        if (answer === undefined) this.problems.push(`an invocation of ${String(two)}, which is not registered`);
        else if (answer !== null) this.#client.send(Code.YIELD, one, {}, answer((four as unknown[] | undefined) ?? []));
        return;
      }
      case Code.INTERRUPT:
        return void this.interrupted.add(one);
      case Code.EVENT:
        return this.#heard.get(one)?.({
          subscription: one as number,
          publication: two as number,
          details: three as Record<string, unknown>,
          args: (four as unknown[] | undefined) ?? [],
        });
      case Code.GOODBYE:
        this.goodbye = two;
        return;
      case Code.UNREGISTERED:
        if (one === 0) {
          const { registration, reason } = two as Record<string, unknown>;
          this.revoked.push([registration, reason]);
          return;
        }
    }
    const request = (code === Code.ERROR ? two : one) as number;
    const resolve = this.#waiting.get(request);
    if (resolve === undefined) this.problems.push(`an answer that nobody waits for: ${JSON.stringify(message)}`);
    this.#waiting.delete(request);
    resolve?.(message);
  }

  #closed(): void {
    this.isClosed = true;
    for (const resolve of this.#waiting.values()) resolve(null);
    this.#waiting.clear();
  }
}

function endOf(message: WireMessage | null): End {
  if (message === null) return "closed";
  return message[0] === Code.ERROR ? (message[4] as string) : "result";
}
