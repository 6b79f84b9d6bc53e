import { once } from "node:events";
import { WebSocket } from "ws";
import { type Format, type Style, type Value } from "./values.ts";
import { decode } from "./values-read.ts";
import { encode } from "./values-written.ts";

/** How long a client waits for a message before the test fails, in milliseconds. */
const PATIENCE = 5000;

const PLAIN: Style = { long: false, open: false };

/** The model's value of what JSON can say. */
export function valueOf(value: unknown): Value {
  switch (typeof value) {
    case "number":
      return { is: "integer", value: BigInt(value) };
    case "bigint":
      return { is: "integer", value };
    case "boolean":
      return { is: "boolean", value };
    case "string":
      return { is: "text", value };
  }
  if (value === null) return { is: "null" };
  if (Array.isArray(value)) return { is: "list", items: value.map(valueOf) };
  if ("is" in (value as object)) return value as Value;
  const entries = Object.entries(value as object).map(
    ([key, item]) => [{ is: "text", value: key }, valueOf(item)] as const,
  );
  return { is: "dict", entries };
}

/** The member of a list or dictionary; null if there is none. */
export function member(value: Value | null, key: string | number): Value | null {
  if (value?.is === "list") return value.items[key as number] ?? null;
  if (value?.is !== "dict") return null;
  return value.entries.findLast(([name]) => name.is === "text" && name.value === key)?.[1] ?? null;
}

/** A message that came: its bytes, and what they say if the model reads them. */
export interface Came {
  readonly frame: Buffer;
  readonly message: Value;
}

/** A client that speaks one format by the model alone: no number of JavaScript comes between. */
export class ValueClient {
  readonly format: Format;
  readonly closed: Promise<unknown>;
  readonly #socket: WebSocket;
  readonly #come: Came[] = [];
  #waiting: ((came: Came) => void) | null = null;
  #request = 0;

  constructor(url: string, format: Format) {
    this.format = format;
    this.#socket = new WebSocket(url, `wamp.2.${format}`);
    this.closed = once(this.#socket, "close");
    this.#socket.on("message", (frame: Buffer) => {
      const came = { frame, message: decode(frame, format) };
      if (this.#waiting !== null) this.#waiting(came);
      else this.#come.push(came);
    });
  }

  /** Opens it, and logs in. @returns WELCOME, ABORT or CHALLENGE */
  async join(realm: string, details: object = {}, style?: Style): Promise<Came> {
    await once(this.#socket, "open");
    const roles = { publisher: {}, subscriber: {}, caller: {}, callee: {} };
    return this.ask([1, realm, { roles, ...details }], style);
  }

  /** Sends a message, a list of what JSON can say and of values of the model. */
  send(message: readonly unknown[], style: Style = PLAIN): void {
    const bytes = encode(valueOf(message), this.format, style);
    this.#socket.send(this.format === "json" ? bytes.toString() : bytes);
  }

  ask(message: readonly unknown[], style?: Style): Promise<Came> {
    this.send(message, style);
    return this.next();
  }

  /** Sends a request, `[code, id, …rest]`. */
  request(code: number, rest: readonly unknown[], style?: Style): void {
    this.send([code, ++this.#request, ...rest], style);
  }

  next(): Promise<Came> {
    const come = this.#come.shift();
    if (come !== undefined) return Promise.resolve(come);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no message came in ${this.format}`)), PATIENCE);
      this.#waiting = (came) => {
        clearTimeout(timer);
        this.#waiting = null;
        resolve(came);
      };
    });
  }

  /** The next message, which must have this code. */
  async expect(code: number): Promise<Came> {
    const came = await this.next();
    const found = member(came.message, 0);
    if (found?.is !== "integer" || found.value !== BigInt(code))
      throw new Error(`expected message ${code} in ${this.format}, got ${came.frame.toString("latin1")}`);
    return came;
  }

  hangUp(): void {
    this.#socket.terminate();
  }
}
