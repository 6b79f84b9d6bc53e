import type { Serializer } from "../serializers/serializer.ts";
import type { LimitSettings } from "../limits/settings.ts";
import type { MessageSettings } from "../serializers/settings.ts";
import type { Connection, ConnectionHandler } from "./connection.ts";
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
  /** Takes a connection that has just been made. */
  readonly accept: (connection: Connection) => ConnectionHandler;
  /** Its connections add here what passes through them. A FrameConnection does so. */
  readonly traffic: Traffic;
}

export interface TransportContext {
  /** The serializers that are loaded, by name. */
  readonly serializers: ReadonlyMap<string, Serializer>;
  /** The config's folder. Paths of files in an entry are relative to it. */
  readonly folder: string;
  readonly log: Log;
  /** Called for limits that are hit before there is a connection. */
  readonly report: ReportLimit;
  /** Tell it of each client for which bytes wait: together they have a limit, `max-buffered-total`. */
  readonly waiting: WaitingBytes;
}

/** A transport's running servers. */
export interface Listener {
  /** Where each entry can be reached, in their order: `ws://127.0.0.1:8080/ws`. */
  readonly urls: readonly string[];
  /** Takes no new clients; connected ones stay. Health pages answer until `close`. */
  stop(): void;
  /** Stops, ends the connections that are left, and resolves when all are gone. */
  close(): Promise<void>;
  /**
   * Reads the files of certificates again, for new connections. Gives a sentence for each that cannot be used; the old
   * one stays in use.
   */
  reloadCertificates?(): Promise<readonly string[]>;
}

/** A way for clients to connect: the `type` of an entry in `transports`. */
export interface Transport<E = unknown> {
  readonly type: string;
  /**
   * The keys of an entry, without core's own (`type`, `auth`, `max-connections` …). Mark a key with `.meta({ live: true
   * })` if it is read again for each connection: then a reload changes it. The others need a restart.
   */
  readonly schema: Schema<E>;
  /** Listens for all entries of this type together, since several may share a port. Rejects if it cannot. */
  readonly start: (entries: readonly TransportEntry<E>[], context: TransportContext) => Promise<Listener>;
  /** What identifies an entry when the config is reloaded. Default: all its keys. */
  readonly identity?: (entry: E) => string;
  /** Entries that conflict with an earlier one: the positions of the later and of the earlier one, and why. */
  readonly conflicts?: (
    entries: readonly E[],
  ) => readonly { readonly index: number; readonly other?: number; readonly message: string }[];
  /** What an entry needs to listen, so that what is missing is found before the start. */
  readonly needs?: (entry: E) => TransportNeeds;
}

/** What an entry needs to listen. */
export interface TransportNeeds {
  /** The names of its serializers; default: all that are loaded. */
  readonly serializers?: readonly string[] | undefined;
  /** Where it listens, as the config's `endpoint` says. */
  readonly endpoint?: ListenEndpoint;
}

export type ListenEndpoint =
  | { readonly type: "tcp"; readonly host: string; readonly port: number; readonly tls?: TlsFiles | undefined }
  | { readonly type: "unix"; readonly path: string };

/** The files of a TLS endpoint, relative to the config's folder. */
export interface TlsFiles {
  readonly key: string;
  readonly certificate: string;
  readonly "chain-certificates": readonly string[];
  readonly "ca-certificates"?: readonly string[] | undefined;
}
