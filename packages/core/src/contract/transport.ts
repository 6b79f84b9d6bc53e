import type { Serializer } from "../serializers/serializer.ts";
import type { LimitSettings } from "../limits/settings.ts";
import type { MessageSettings } from "../serializers/settings.ts";
import type { Connection, ConnectionHandler } from "./connection.ts";
import type { Log } from "./log.ts";
import type { ReportLimit, Traffic } from "./observers.ts";
import type { Schema } from "./schema.ts";

/** One entry of the config's `transports`, checked, and what takes its connections. */
export interface TransportEntry<E = unknown> {
  /** What the config says now: read it at each use, since a reload changes the keys that the schema marks as `live`. */
  readonly options: E;
  /** What core's own keys say now. A FrameConnection keeps to those about messages. */
  readonly limits: MessageSettings & LimitSettings;
  /**
   * Why no connection from `peer` can be taken now, as a text for who comes; null where one can. To be asked where it
   * can still be told by the transport's own means: else `accept` refuses the connection by ABORT.
   */
  readonly refusal: (peer: string) => string | null;
  /** Takes a connection that has just been made. */
  readonly accept: (connection: Connection) => ConnectionHandler;
  /** Where its connections count what passes through them; a FrameConnection does. */
  readonly traffic: Traffic;
}

export interface TransportContext {
  /** The serializers that are loaded, by name. */
  readonly serializers: ReadonlyMap<string, Serializer>;
  /** The config's folder: where the files that an entry names are looked for. */
  readonly folder: string;
  readonly log: Log;
  /** Told of limits that are hit where there is no connection yet. */
  readonly report: ReportLimit;
}

/** What listens. */
export interface Listener {
  /** Where each entry can be reached, in their order: `ws://127.0.0.1:8080/ws`. */
  readonly urls: readonly string[];
  /** No new clients; those that are stay. What tells of the router's health goes on until `close`. */
  stop(): void;
  /** Stops, ends what connections are left, and resolves when all is gone. */
  close(): Promise<void>;
  /** Reads the files of certificates anew, for connections to come. Gives a sentence for each that cannot be used and stays as it was. */
  reloadCertificates?(): Promise<readonly string[]>;
}

/** A way for clients to connect: the `type` of an entry in `transports`. */
export interface Transport<E = unknown> {
  readonly type: string;
  /**
   * What an entry holds, less the keys that core takes out (`type`, `auth`, `max-connections` …). A key that is read for
   * each connection anew says so by `.meta({ live: true })`: then a reload changes it. The others wait for a restart.
   */
  readonly schema: Schema<E>;
  /** Listens for all entries of this type together, since several may share a port. Rejects where it cannot. */
  readonly start: (entries: readonly TransportEntry<E>[], context: TransportContext) => Promise<Listener>;
  /** What tells an entry from the others when the config is reloaded; default: all that it holds. */
  readonly identity?: (entry: E) => string;
  /** Two entries that cannot stand side by side: the position of the second, and why. */
  readonly conflicts?: (entries: readonly E[]) => readonly { readonly index: number; readonly message: string }[];
}
