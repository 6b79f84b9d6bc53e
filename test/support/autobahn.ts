import { createRequire } from "node:module";
import { WebSocket } from "ws";

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

type Serializer = new () => object;

interface Autobahn {
  Connection: new (options: object) => Connection;
  Error: new (error: string, args?: unknown[], kwargs?: object) => Error;
  Result: new (args?: unknown[], kwargs?: object) => { args: unknown[]; kwargs: object };
  auth_cra: {
    sign(key: string, challenge: string): string;
    derive_key(p: string, s: string, i: number, k: number): string;
  };
  auth_cryptosign: {
    /** @param pkey its `secretKey` is the seed and the public key, as tweetnacl has it */
    sign_challenge(pkey: { secretKey: Uint8Array }, extra: Record<string, unknown>): string;
  };
  serializer: { JSONSerializer: Serializer; MsgpackSerializer: Serializer; CBORSerializer: Serializer };
  log: { warn: () => void };
}

const load = createRequire(import.meta.url) as (name: string) => Autobahn;
const clients = { 22: load("autobahn"), 26: load("autobahn-26") };
// They warn of every connection that is closed, as the tests mean it to be.
for (const { log } of Object.values(clients)) log.warn = () => undefined;

/** The version that most tests use. */
export const autobahn = clients[22];

/** A WebSocket as browsers have it: an error that has no listener is no fault of the program, and TLS is the browser's matter. */
const browserWebSocket = (tls: Shown | undefined) =>
  class extends WebSocket {
    constructor(url: string, subprotocols?: string[]) {
      super(url, subprotocols, tls);
      this.on("error", () => undefined);
    }
  };

/** Version 26 takes the global `WebSocket`, which Node.js has from 22 on; version 22 would take it too, if it stayed. */
function openWithGlobalWebSocket(connection: Connection, tls: Shown | undefined): void {
  const scope = globalThis as { WebSocket?: unknown };
  const before = scope.WebSocket;
  scope.WebSocket = browserWebSocket(tls);
  connection.open();
  scope.WebSocket = before;
}

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

/** A client's certificate, and whom it trusts. */
export interface Shown {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface AutobahnLogin {
  readonly url: string;
  /** What it shows over `wss:`. */
  readonly tlsConfiguration?: Shown;
  readonly realm?: string | null;
  readonly authid?: string;
  readonly authmethods?: readonly string[];
  readonly authextra?: object;
  /** AUTHENTICATE's signature, alone or with its extra. */
  readonly onchallenge?: (
    session: unknown,
    method: string,
    extra: Record<string, unknown>,
  ) => string | [signature: string, extra: object];
  /** In place of `url`, for what only a transport can say: `headers` of its request. */
  readonly transports?: readonly object[];
  readonly serializer?: "json" | "msgpack" | "cbor";
  /** Default: 22. */
  readonly version?: keyof typeof clients;
  /** Gets what a handler of this client threw; without it autobahn prints it. */
  readonly on_user_error?: (error: unknown) => void;
}

/** Logs in with autobahn-js. Rejects with `Refused` where the router sends ABORT. */
export function login(options: AutobahnLogin): Promise<{
  session: AutobahnSession;
  details: WelcomeDetails;
  readonly close: () => Promise<void>;
}> {
  const { serializer = "json", version = 22, ...rest } = options;
  const client = clients[version];
  const { JSONSerializer, MsgpackSerializer, CBORSerializer } = client.serializer;
  const Serializer = { json: JSONSerializer, msgpack: MsgpackSerializer, cbor: CBORSerializer }[serializer];
  const connection = new client.Connection({ ...rest, max_retries: 0, serializers: [new Serializer()] });
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
    if (version === 26) openWithGlobalWebSocket(connection, options.tlsConfiguration);
    else connection.open();
  });
}

/** `onchallenge` for the method ticket. */
export const withTicket = (ticket: string) => (): string => ticket;

/**
 * What autobahn's `create_connection` of the method cryptosign makes of a key: `authextra`, and what answers CHALLENGE.
 *
 * @param seed the private key, 64 hex digits
 */
export function withKey(
  seed: string,
  publicKey: string,
  version: keyof typeof clients = 22,
): Pick<AutobahnLogin, "authmethods" | "authextra" | "onchallenge" | "version"> {
  const secretKey = new Uint8Array(Buffer.from(seed + publicKey, "hex"));
  return {
    version,
    authmethods: ["cryptosign"],
    authextra: { pubkey: publicKey, trustroot: null, challenge: null, channel_binding: null },
    onchallenge: (_session, _method, extra) => clients[version].auth_cryptosign.sign_challenge({ secretKey }, extra),
  };
}

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
