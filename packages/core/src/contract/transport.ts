import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Serializer } from "../serializers/serializer.ts";
import type { LimitSettings } from "../limits/settings.ts";
import type { MessageSettings } from "../serializers/settings.ts";
import type { Connection, ConnectionHandler } from "./connection.ts";
import type { ListenEndpoint } from "./endpoint.ts";
import type { ClientCertificate, TransportDetails } from "./hello.ts";
import type { RouterHooks } from "./hooks.ts";
import type { Log } from "./log.ts";
import type { ReportLimit, Traffic } from "./observers.ts";
import type { WaitingBytes } from "./waiting-bytes.ts";
import type { Schema } from "./schema.ts";

/** One entry of the config's `transports`, checked, and the function that takes its connections. */
export interface TransportEntry<E = unknown> {
  /** What the config says now. Read it at each use: a reload changes the keys that the schema marks as `live`. */
  readonly options: E;
  /** What core's own keys say now. A FrameConnection enforces those about messages. */
  readonly limits: MessageSettings & LimitSettings;
  /**
   * Why no connection from `peer` can be taken now, as a text for the client; null if one can. Ask it while the
   * transport can still refuse in its own protocol. After that, `accept` refuses the connection by ABORT.
   */
  readonly refusal: (peer: string) => string | null;
  /**
   * Counts a connection from `peer` as a pending login that is not made yet, while plugins are asked about it.
   * @returns ends that; it may be called more than once
   */
  readonly reserve: (peer: string) => () => void;
  /** @see UpgradeRequest.ask */
  readonly ask: (method: string, work: (block: unknown) => void | Promise<void>) => Promise<void>;
  /** Takes a connection that has just been made. */
  readonly accept: (connection: Connection) => ConnectionHandler;
  /** Its connections add here what passes through them. A FrameConnection does so. */
  readonly traffic: Traffic;
}

/** What an entry takes from its endpoint, which other entries may share. Each takes something else. */
export type Accepts =
  | {
      /** Requests to upgrade to WebSocket at this path. */
      readonly upgrade: string;
      /** How long a request's URL and headers may be together, in bytes. The largest value of an endpoint counts. */
      readonly maxHeaderSize?: number;
    }
  | {
      /** Other HTTP requests to this path, and to those below it. The longest one that fits counts. */
      readonly request: string;
    }
  | {
      /** Connections that begin with this byte. */
      readonly firstByte: number;
    };

/** Takes a request to upgrade, and the bytes that came behind it. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Answers an HTTP request, perhaps with a promise. If it throws or rejects, the client gets 500. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** What TLS tells of a client. */
export interface KnownByTls {
  /** Its certificate; null if it has none that counts. */
  readonly certificate?: () => ClientCertificate | null;
  readonly channelBinding?: TransportDetails["channelBinding"];
}

/** The endpoint on which the router listens for an entry. */
export interface EntryEndpoint {
  /**
   * An address on it, as `wss://192.0.2.1:8080/ws`. With port 0 the port is known only once the router listens.
   * @param scheme the scheme without TLS: `ws`
   */
  url(scheme: string, path?: string): string;
  /** What carries a connection, as authenticators see it: `tcp`, `tls`, `unix`. */
  carrierOf(socket: Socket): string;
  /**
   * The client at the other end, behind the trusted proxies, as `transport.peer`; undefined if it has left already.
   * @param headers of its request, if it made one
   */
  peerOf(socket: Socket, headers?: IncomingMessage["headers"]): string | undefined;
  /** The host that a client asked for, with its port if it was written, also behind trusted proxies. */
  hostOf(request: IncomingMessage): string | undefined;
  /**
   * What its TLS tells of a client, for `transportDetails`; nothing without TLS. Ask it before `taken`.
   * @param request the one that it made, if any: that of a trusted proxy has the proxy's TLS
   */
  knownByTls(socket: Socket, request?: IncomingMessage): KnownByTls;
  /** Whether TLS carries a request: the router's own, or that of a trusted proxy, by `X-Forwarded-Proto`. */
  isSecure(request: IncomingMessage): boolean;
  /**
   * The entry counts this connection from now on, by `entry.accept`. Until then it is one of the endpoint's pending
   * sockets, which may take 30 seconds.
   */
  taken(socket: Socket): void;
}

export interface TransportContext {
  /** The serializers that are loaded, by name. */
  readonly serializers: ReadonlyMap<string, Serializer>;
  /** The config's folder. Paths of files in an entry are relative to it. */
  readonly folder: string;
  readonly log: Log;
  /** What plugins are asked about a request to upgrade: see AskedUpgrades. */
  readonly hooks: Pick<RouterHooks, "upgrade">;
  /** Called for limits that are hit before there is a connection. */
  readonly report: ReportLimit;
  /** Tell it of each client for which bytes wait: together they have a limit, `max-buffered-total`. */
  readonly waiting: WaitingBytes;
  /** The entry's endpoint. It throws for a transport that does not say what it `accepts`. */
  readonly endpoint: EntryEndpoint;
}

/** An entry that takes clients. */
export interface OpenEntry {
  /** Where clients connect: `ws://127.0.0.1:8080/ws`. Asked whenever it is shown, but not before the router listens. */
  url(): string;
  /** Takes no more clients, ends the connections that are left, and resolves when all are gone. */
  close(): Promise<void>;
  /**
   * The config was reloaded, and the entry stays: `entry.options` has the new values of live keys, and there may be
   * others in the files that it names. Gives a sentence for each thing that cannot be used; the old one stays in use.
   */
  configure?(): readonly string[] | Promise<readonly string[]>;
  /** Takes what the transport `accepts`: the function of the same name is needed. */
  readonly upgrade?: UpgradeHandler;
  readonly request?: RequestHandler;
  readonly firstByte?: (socket: Socket) => void;
}

/** A way for clients to connect: the `type` of an entry in `transports`. */
export interface Transport<E = unknown> {
  readonly type: string;
  /**
   * The keys of an entry, without core's own (`type`, `auth`, `max-connections` …). Mark a key with `.meta({ live: true
   * })` if it is read again for each connection, or by `configure`: then a reload changes it. If another key changes, the
   * entry is closed, and the new one opened.
   */
  readonly schema: Schema<E>;
  /**
   * What its entries take from an endpoint on which the router listens: then the schema has the key `endpoint`, whose
   * schema is `endpointSchema`. Without it, the transport listens by itself.
   */
  readonly accepts?: (options: E) => Accepts;
  /** Opens an entry. Rejects if it cannot. */
  readonly open: (entry: TransportEntry<E>, context: TransportContext) => OpenEntry | Promise<OpenEntry>;
  /** Entries that conflict with an earlier one: the positions of the later and of the earlier one, and why. */
  readonly conflicts?: (
    entries: readonly E[],
  ) => readonly { readonly index: number; readonly other?: number; readonly message: string }[];
  /** What an entry needs to be opened, so that what is missing is found before the start. */
  readonly needs?: (entry: E) => TransportNeeds;
}

/** What an entry needs to be opened. */
export interface TransportNeeds {
  /** The names of its serializers; default: all that are loaded. */
  readonly serializers?: readonly string[] | undefined;
  /** Where it listens by itself, as the config's `endpoint` says. A transport that `accepts` something need not tell. */
  readonly endpoint?: ListenEndpoint | undefined;
}
