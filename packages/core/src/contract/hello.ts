import type { ClientRoles } from "../wamp/client-features.ts";
import type { Dict } from "../wamp/payload.ts";
import type { RawValue } from "../wamp/raw-value.ts";
import type { Log } from "./log.ts";

/**
 * What names one connection, so that a proof made for it is worth nothing on another: a method signs or compares `values`.
 *
 * `tls-exporter` (RFC 9266) has one value, of 32 bytes. `tls-unique` (RFC 5929) has two: the Finished message of the client,
 * which the RFC means, and that of the server, which some clients take. They are as sent: 12 bytes with TLS 1.2, a hash's
 * length with TLS 1.3, for which no RFC defines `tls-unique`.
 *
 * If the connection has no such binding, `values` is null, and `reason` says why, as the end of a sentence.
 */
export type ChannelBinding =
  | { readonly values: readonly [Uint8Array, ...Uint8Array[]]; readonly tlsVersion: "TLSv1.2" | "TLSv1.3" }
  | { readonly values: null; readonly reason: string };

/**
 * A client's certificate, which an authority of the endpoint's `ca-certificates` vouches for. Where a name or an issuer has
 * an attribute several times, its value is a list.
 */
export interface ClientCertificate {
  /** Upper-case hex digits with colons. */
  readonly sha1: string;
  readonly sha256: string;
  /** By the attributes' short names in lower case: `{ cn: "client_0", o: "dev" }`. */
  readonly subject: CertificateName;
  readonly issuer: CertificateName;
  /** Upper-case hex digits: it may be longer than the numbers of a serializer. */
  readonly serial: string;
  /** `20260131080000Z`. */
  readonly not_before: string;
  readonly not_after: string;
  /** Whether it has expired by now. A resumed TLS connection is not checked again. */
  readonly expired: boolean;
  /** Those that Node.js reads, as text. */
  readonly extensions: readonly { readonly name: string; readonly value: string }[];
  /** Each with its type: `DNS:client.example.com`, `URI:spiffe://example.com/client`, `email:ann@example.com`. */
  readonly subjectaltname: readonly string[];
}

export type CertificateName = Readonly<Record<string, string | readonly string[]>>;

/**
 * How a session is connected. Authenticators and authorizers get all of it but `address`, `facts`, `takesCookies`
 * and `channelBinding`: Crossbar's documented keys and its current ones together. The names are those on the wire.
 */
export interface TransportDetails {
  readonly type: string;
  /** The subprotocol, `wamp.2.msgpack.batched`. */
  readonly protocol: string;
  /**
   * `tcp4:127.0.0.1:17185`, `unix`, `memory`. Each connection has another port; `address` is the same for all
   * connections of a client.
   */
  readonly peer: string;
  /**
   * The client's address without family and port: `127.0.0.1`, `::1`; behind a trusted proxy the client's own. Null if
   * it has none: over a Unix socket, in memory and in process. For plugins only; it is never sent.
   */
  readonly address: string | null;
  /**
   * What taps of the hook `upgrade` have set by `request.setFact`; empty where none did. For plugins only; it is never
   * sent.
   */
  readonly facts: Readonly<Dict>;
  /**
   * Whether a cookie that the client sent may let it in. A browser sends cookies by itself, whatever page connects. So that
   * is true only without an `Origin`, which browsers always send; for a page of the router's own origin; and for one that
   * `allowed-origins` names without a `*`. For plugins only; it is never sent.
   */
  readonly takesCookies: boolean;
  /**
   * The channel binding of that name, computed when asked, since few clients want one. For plugins only; it is never sent.
   *
   * @param name as the client named it: `tls-exporter`, `tls-unique`; any other has no values
   */
  readonly channelBinding: (name: string) => ChannelBinding;
  /** Names the client for authenticators, if a plugin gave it a name by the hook `upgrade`. It is no proof. */
  readonly cbtid: string | null;
  /**
   * The client's own certificate; null if it has shown none, or none that `ca-certificates` vouches for, or if its TLS ends
   * at a proxy. Read when asked, since few plugins want it.
   */
  readonly client_cert: ClientCertificate | null;
  /** Header names in lower case. */
  readonly http_headers_received: Readonly<Record<string, string>>;
  readonly http_headers_sent: Readonly<Record<string, string>>;
  readonly channel_type: string;
  readonly channel_framing: string;
  /** Never with `.batched`. */
  readonly channel_serializer: string;
  readonly is_secure: boolean;
  /** The same as `client_cert`. */
  readonly peer_cert: ClientCertificate | null;
  readonly websocket_protocol: string;
  /** The same as `cbtid`. */
  readonly http_cbtid: string | null;
}

/** A session that renews its login. The same realm, authid and role must come out. */
export interface RenewedSession {
  readonly realm: string;
  readonly authid: string;
  readonly authrole: string;
}

/** Everything that is known about a client before a method is chosen. */
export interface Hello {
  /** The id the session will get. */
  readonly session: number;
  readonly realm: string | null;
  readonly authid: string | null;
  /** What the client asked for, unverified. */
  readonly authrole: string | null;
  /** In the client's order; `["anonymous"]` if it named none. */
  readonly authmethods: readonly string[];
  /** What the client sent for its login. It is dropped after the login: copy what you need later. */
  readonly authextra: Readonly<Dict> | null;
  /**
   * `authextra` as the bytes that came. What passes it on sends these, so that every digit and every float arrives:
   * `rawAuthextra ?? authextra`.
   */
  readonly rawAuthextra?: RawValue | null;
  /**
   * The client's roles, `publisher`, `subscriber`, `caller`, `callee`, each with the features that the router reads:
   * true if the client announced them. Everything else that it announced is dropped.
   */
  readonly roles: ClientRoles;
  readonly transport: TransportDetails;
  /**
   * The session whose login is renewed: its client shows its proof again, to stay longer. Null: HELLO came. What limits
   * how often a client may log in lets this pass.
   */
  readonly renews: RenewedSession | null;
  /** Fires when the client has left, or when the time for the handshake is up. */
  readonly signal: AbortSignal;
  readonly log: Log;
}
