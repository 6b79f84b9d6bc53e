import { Code, type SaidHello } from "@wampgate/core";

/** The far end of a connection, frame by frame: `router.connect()` gives one, and a WebSocket is easily made one. */
export interface FrameLink {
  send(frame: string | Uint8Array): void;
  onframe: ((frame: string | Uint8Array) => void) | null;
  onclose: (() => void) | null;
  close(): void;
}

/** A message as it stands on the wire: `[1, "realm1", {}]`. */
export type WireMessage = readonly [code: number, ...fields: unknown[]];

/** What a client says of itself, less what every HELLO has. */
export interface HelloOptions {
  readonly realm?: string | null;
  readonly authid?: string | null;
  readonly authmethods?: readonly string[];
  readonly authextra?: Record<string, unknown>;
  /** Default: all four, with no features. */
  readonly roles?: Record<string, unknown>;
}

const ROLES = { caller: {}, callee: {}, publisher: {}, subscriber: {} };

/** How long a client waits for a message before the test fails, if not told otherwise, in milliseconds. */
const PATIENCE = 5000;

/** A client that speaks WAMP message by message in JSON, and does nothing by itself. */
export class FakeClient {
  /** Resolves when the router has closed the connection. */
  readonly closed: Promise<void>;
  readonly #link: FrameLink;
  readonly #patience: number;
  readonly #come: WireMessage[] = [];
  #waiting: ((message: WireMessage | Error) => void) | null = null;
  #isClosed = false;
  #said: SaidHello = { authid: null, authextra: {} };

  /** @param patience how long it waits for a message before the test fails, in milliseconds */
  constructor(link: FrameLink, patience = PATIENCE) {
    this.#link = link;
    this.#patience = patience;
    link.onframe = (frame) => this.#take(JSON.parse(String(frame)) as WireMessage);
    this.closed = new Promise((resolve) => {
      link.onclose = () => {
        this.#isClosed = true;
        this.#waiting?.(new Error("the router closed the connection instead of sending a message"));
        resolve();
      };
    });
  }

  /** What its last HELLO said. */
  get said(): SaidHello {
    return this.#said;
  }

  send(...message: WireMessage): void {
    this.#link.send(JSON.stringify(message));
  }

  /** Sends a frame as it is, for what no client would send. */
  sendFrame(frame: string | Uint8Array): void {
    this.#link.send(frame);
  }

  hello({ realm = "realm1", authid = null, authmethods, authextra, roles = ROLES }: HelloOptions = {}): void {
    this.#said = { authid, authextra: authextra ?? {} };
    this.send(Code.HELLO, realm, {
      roles,
      ...(authid === null ? {} : { authid }),
      ...(authmethods === undefined ? {} : { authmethods }),
      ...(authextra === undefined ? {} : { authextra }),
    });
  }

  authenticate(signature: string, extra: Record<string, unknown> = {}): void {
    this.send(Code.AUTHENTICATE, signature, extra);
  }

  /** The next message. Rejects where the connection is closed, none comes in time, or a later `next()` takes its place. */
  next(): Promise<WireMessage> {
    this.#waiting?.(new Error("a later next() waits for the message"));
    const come = this.#come.shift();
    if (come !== undefined) return Promise.resolve(come);
    if (this.#isClosed) return Promise.reject(new Error("the router has closed the connection"));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = null;
        reject(new Error(`no message came within ${this.#patience} ms`));
      }, this.#patience);
      this.#waiting = (message) => {
        clearTimeout(timer);
        this.#waiting = null;
        if (message instanceof Error) reject(message);
        else resolve(message);
      };
    });
  }

  /** The next message, which stays there for who reads next. */
  async peek(): Promise<WireMessage> {
    const message = await this.next();
    this.#come.unshift(message);
    return message;
  }

  /** The next message, which must have this code. */
  async expect(code: number): Promise<WireMessage> {
    const message = await this.next();
    if (message[0] !== code) throw new Error(`expected message ${code}, got ${JSON.stringify(message)}`);
    return message;
  }

  /** ABORT, and that the router closes the connection after it. @returns reason and message */
  async aborted(): Promise<{ reason: string; message: string | undefined }> {
    const [, details, reason] = await this.expect(Code.ABORT);
    await this.closed;
    return { reason: reason as string, message: (details as { message?: string }).message };
  }

  /** Details of WELCOME. */
  async welcomed(): Promise<Record<string, unknown> & { session: number }> {
    const [, session, details] = await this.expect(Code.WELCOME);
    return { ...(details as Record<string, unknown>), session: session as number };
  }

  close(): void {
    this.#link.close();
  }

  #take(message: WireMessage): void {
    if (this.#waiting !== null) this.#waiting(message);
    else this.#come.push(message);
  }
}
