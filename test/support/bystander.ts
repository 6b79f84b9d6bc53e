import { once } from "node:events";
import { WebSocket } from "ws";
import { json } from "../../packages/core/src/serializers/json/codec.ts";
import { msgpack } from "../../packages/core/src/serializers/msgpack/codec.ts";
import type { Serializer } from "../../packages/core/src/serializers/serializer.ts";
import { type Message, type MessageOf, parseMessage } from "../../packages/core/src/wamp/messages.ts";

/** How long an answer may take, in milliseconds. */
const PATIENCE = 10_000;

const ROLES = Object.fromEntries(
  ["publisher", "subscriber", "caller", "callee"].map((role) => [
    role,
    { features: { call_canceling: true, progressive_call_results: true, progressive_call_invocations: true } },
  ]),
);

/** What a router may send to a session that has joined. */
const PROPER = ["EVENT", "RESULT", "ERROR", "INVOCATION", "INTERRUPT", "PUBLISHED", "SUBSCRIBED", "REGISTERED"];

/**
 * An innocent session beside those that are not: it reads everything strictly, answers each call, and notes what it
 * should never have got.
 */
export class Bystander {
  readonly wrongs: string[] = [];
  readonly #socket: WebSocket;
  readonly #serializer: Serializer;
  readonly #waiting = new Map<(message: Message | null) => void, NodeJS.Timeout>();
  #request = 0;

  static async join(url: string, serializer: Serializer): Promise<Bystander> {
    const socket = new WebSocket(url, `wamp.2.${serializer.name}`);
    const bystander = new Bystander(socket, serializer);
    await once(socket, "open");
    bystander.#send(1, "realm1", { roles: ROLES, authmethods: ["anonymous"] });
    await bystander.#await((message) => message.type === "WELCOME");
    return bystander;
  }

  private constructor(socket: WebSocket, serializer: Serializer) {
    this.#socket = socket;
    this.#serializer = serializer;
    socket.on("message", (data: Buffer) => this.#take(data));
    socket.on("close", () => {
      this.wrongs.push("it was disconnected");
      for (const tell of this.#waiting.keys()) tell(null);
    });
  }

  subscribe(topic: string, match = "exact"): Promise<Message> {
    return this.#ask(32, { match }, topic);
  }

  register(procedure: string): Promise<Message> {
    return this.#ask(64, {}, procedure);
  }

  /** Calls, and gives the first value of the result. */
  async call(procedure: string, ...args: unknown[]): Promise<unknown> {
    const result = await this.#ask(48, {}, procedure, args);
    if (result.type !== "RESULT") throw new Error(`${procedure} was answered by ${result.type}`);
    return result.payload?.values().args?.[0];
  }

  publish(topic: string, ...args: unknown[]): Promise<Message> {
    return this.#ask(16, { acknowledge: true }, topic, args);
  }

  /** The event with this first value. */
  event(value: unknown): Promise<Message> {
    return this.#await((message) => message.type === "EVENT" && message.payload?.values().args?.[0] === value);
  }

  /** What still waits for an answer then waits on for ever: its test is over, and a rejection would hit the next one. */
  leave(): void {
    this.#socket.removeAllListeners("close").terminate();
    for (const timer of this.#waiting.values()) clearTimeout(timer);
  }

  #ask(code: number, ...fields: unknown[]): Promise<Message> {
    const request = ++this.#request;
    const answer = this.#await(
      (message) => message.type !== "INVOCATION" && "request" in message && message.request === request,
    );
    this.#send(code, request, ...fields);
    return answer;
  }

  #await(wanted: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve, reject) => {
      const settle = (settled: () => void): void => {
        clearTimeout(this.#waiting.get(look));
        this.#waiting.delete(look);
        settled();
      };
      const look = (message: Message | null): void => {
        if (message === null) settle(() => reject(new Error("an innocent session was disconnected")));
        else if (wanted(message)) settle(() => resolve(message));
      };
      const giveUp = (): void => settle(() => reject(new Error("an innocent session got no answer")));
      this.#waiting.set(look, setTimeout(giveUp, PATIENCE));
    });
  }

  #take(data: Buffer): void {
    let message: Message;
    try {
      message = this.#serializer.decode(data);
    } catch (error) {
      this.wrongs.push(`${(error as Error).message}: ${data.toString("hex")}`);
      return;
    }
    if (message.type === "INVOCATION") this.#yield(message);
    if (!PROPER.includes(message.type) && message.type !== "WELCOME") this.wrongs.push(`it got ${message.type}`);
    for (const tell of this.#waiting.keys()) tell(message);
  }

  #yield({ request, payload }: MessageOf<"INVOCATION">): void {
    this.#send(70, request, {}, payload?.values().args?.slice(0, 1) ?? []);
  }

  #send(...list: unknown[]): void {
    this.#socket.send(this.#serializer.encode(parseMessage(list)), { binary: this.#serializer.binary });
  }
}

export const FORMATS: readonly Serializer[] = [json, msgpack];
