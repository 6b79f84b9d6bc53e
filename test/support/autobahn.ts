import { createRequire } from "node:module";

/** The part of the foreign client's session that the tests use. */
export interface AutobahnSession {
  readonly id: number;
  readonly realm: string;
  readonly isOpen: boolean;
  call(procedure: string, args?: unknown[], kwargs?: object, options?: object): Promise<unknown>;
  register(procedure: string, handler: (...args: never[]) => unknown, options?: object): Promise<{ id: number }>;
  unregister(registration: { id: number }): Promise<unknown>;
  subscribe(topic: string, handler: (...args: never[]) => unknown, options?: object): Promise<{ id: number }>;
  unsubscribe(subscription: { id: number }): Promise<unknown>;
  publish(topic: string, args?: unknown[], kwargs?: object, options?: object): Promise<unknown> | undefined;
  leave(reason?: string): void;
}

/** Details of WELCOME, as autobahn hands them over. */
export type WelcomeDetails = Record<string, unknown>;

interface Connection {
  onopen: (session: AutobahnSession, details: WelcomeDetails) => void;
  onclose: (reason: string, details: { reason?: string; message?: string }) => boolean;
  open(): void;
  close(reason?: string): void;
}

interface Autobahn {
  Connection: new (options: object) => Connection;
  Error: new (error: string, args?: unknown[], kwargs?: object) => Error;
  Result: new (args?: unknown[], kwargs?: object) => { args: unknown[]; kwargs: object };
  auth_cra: {
    sign(key: string, challenge: string): string;
    derive_key(p: string, s: string, i: number, k: number): string;
  };
  serializer: { JSONSerializer: new () => object; MsgpackSerializer: new () => object };
}

export const autobahn = createRequire(import.meta.url)("autobahn") as Autobahn;

// It warns of every connection that is closed, as the tests mean it to be.
(createRequire(import.meta.url)("autobahn/lib/log.js") as { warn: () => void }).warn = () => undefined;

/** ABORT, as the foreign client reports it. */
export class Refused extends Error {
  readonly reason: string;
  readonly text: string | undefined;

  constructor(reason: string, text: string | undefined) {
    super(`refused: ${reason}`);
    this.reason = reason;
    this.text = text;
  }
}

export interface AutobahnLogin {
  readonly url: string;
  readonly realm?: string | null;
  readonly authid?: string;
  readonly authmethods?: readonly string[];
  readonly authextra?: object;
  readonly onchallenge?: (session: unknown, method: string, extra: Record<string, unknown>) => string;
  readonly serializer?: "json" | "msgpack";
  /** Gets what a handler of this client threw; without it autobahn prints it. */
  readonly on_user_error?: (error: unknown) => void;
}

/** Logs in with autobahn-js. Rejects with `Refused` where the router sends ABORT. */
export function login(options: AutobahnLogin): Promise<{
  session: AutobahnSession;
  details: WelcomeDetails;
  readonly close: () => Promise<void>;
}> {
  const { serializer = "json", ...rest } = options;
  const { JSONSerializer, MsgpackSerializer } = autobahn.serializer;
  const connection = new autobahn.Connection({
    ...rest,
    max_retries: 0,
    serializers: [serializer === "json" ? new JSONSerializer() : new MsgpackSerializer()],
  });
  return new Promise((resolve, reject) => {
    let closed = (): void => undefined;
    const gone = new Promise<void>((done) => (closed = done));
    connection.onopen = (session, details) => {
      const close = (): Promise<void> => {
        if (session.isOpen) connection.close();
        return gone;
      };
      resolve({ session, details, close });
    };
    connection.onclose = (why, { reason, message }) => {
      closed();
      reject(new Refused(reason ?? why, message));
      return true;
    };
    connection.open();
  });
}

/** `onchallenge` for the method ticket. */
export const withTicket = (ticket: string) => (): string => ticket;

/** `onchallenge` for the method wampcra, as autobahn's documentation has it. */
export const withSecret =
  (secret: string) =>
  (_session: unknown, _method: string, extra: Record<string, unknown>): string => {
    const { salt, iterations, keylen, challenge } = extra as {
      salt?: string;
      iterations: number;
      keylen: number;
      challenge: string;
    };
    const key = salt === undefined ? secret : autobahn.auth_cra.derive_key(secret, salt, iterations, keylen);
    return autobahn.auth_cra.sign(key, challenge);
  };
