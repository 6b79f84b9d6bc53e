import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import type { ChannelBinding, TransportDetails } from "../../contract/hello.ts";
import type { KnownByTls } from "../../contract/transport.ts";
import { addressIn } from "../../wamp/address.ts";
import { type Dict, NOTHING } from "../../wamp/payload.ts";
import type { Subprotocol } from "../frames/subprotocols.ts";

/** What a transport knows about a connection; the rest of `TransportDetails` follows from it. */
export interface Channel extends KnownByTls {
  readonly type: string;
  /** What carries it: `tcp`, `tls`, `unix`, `memory`. */
  readonly carrier: string;
  /** For a client with an IP address: `tcp4:192.0.2.1:17185`, `tcp6:::1:17185`. `transport.address` is read from it. */
  readonly peer: string;
  readonly subprotocol: Subprotocol;
  readonly headers: Readonly<Record<string, string>>;
  /** What plugins have set in the hook `upgrade`. */
  readonly facts?: Readonly<Dict>;
  /** Default: no cookie lets the client in. */
  readonly takesCookies?: boolean;
  /** What a plugin named the client, for authenticators. */
  readonly trackingId?: string | null;
}

/** Why a connection without TLS has no channel binding. */
const NO_TLS: ChannelBinding = { values: null, reason: "it does not use TLS" };

const NO_HEADERS: TransportDetails["http_headers_sent"] = Object.freeze({});

const noBinding = (): ChannelBinding => NO_TLS;
const noCertificate = (): null => null;

/** What plugins learn about a connection. */
export function transportDetails(channel: Channel): TransportDetails {
  return new ChannelDetails(channel);
}

/** A class, because each object literal with a getter gets a shape of its own in V8, which makes reads slow. */
class ChannelDetails implements TransportDetails {
  readonly type: string;
  readonly protocol: string;
  readonly peer: string;
  readonly address: string | null;
  readonly facts: Readonly<Dict>;
  readonly takesCookies: boolean;
  readonly channelBinding: TransportDetails["channelBinding"];
  readonly cbtid: string | null;
  readonly http_headers_received: Readonly<Record<string, string>>;
  readonly http_headers_sent: TransportDetails["http_headers_sent"] = NO_HEADERS;
  readonly channel_type: string;
  readonly channel_framing: string;
  readonly channel_serializer: string;
  readonly is_secure: boolean;
  readonly websocket_protocol: string;
  readonly http_cbtid: string | null;
  readonly #certificate: NonNullable<KnownByTls["certificate"]>;

  constructor(channel: Channel) {
    const { type, carrier, peer, subprotocol } = channel;
    this.type = type;
    this.protocol = subprotocol.name;
    this.peer = peer;
    this.address = addressIn(peer);
    this.facts = channel.facts ?? NOTHING;
    this.takesCookies = channel.takesCookies ?? false;
    this.channelBinding = channel.channelBinding ?? noBinding;
    this.cbtid = this.http_cbtid = channel.trackingId ?? null;
    this.http_headers_received = channel.headers;
    this.channel_type = carrier;
    this.channel_framing = type;
    this.channel_serializer = subprotocol.serializer.name;
    this.is_secure = carrier === "tls";
    this.websocket_protocol = subprotocol.name;
    this.#certificate = channel.certificate ?? noCertificate;
  }

  get client_cert(): TransportDetails["client_cert"] {
    return this.#certificate();
  }

  get peer_cert(): TransportDetails["peer_cert"] {
    return this.#certificate();
  }
}

/** The part of a socket, or of the TLS socket around it, that is needed here. */
export type Remote = Pick<Socket, "remoteAddress" | "remotePort">;

/**
 * `tcp4:127.0.0.1:17185`, `tcp6:::1:17185`; undefined if the peer has left already. An IPv4 peer of a listener for both
 * families (`::ffff:127.0.0.1`) is shown as IPv4, so that one address has one name.
 */
export function tcpPeer({ remoteAddress, remotePort }: Remote): string | undefined {
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  const address = remoteAddress.startsWith(":") ? remoteAddress.replace(/^::ffff:(?=\d+\.)/i, "") : remoteAddress;
  return peerAt(address, remotePort);
}

/** `transport.peer` of a client with an IP address. */
export function peerAt(address: string, port: number): string {
  return `${address.includes(":") ? "tcp6" : "tcp4"}:${address}:${port}`;
}

/** The headers of a request by lower-case name, each as one string. */
export function plainHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    plain[name] = Array.isArray(value) ? value.join(", ") : (value ?? "");
  }
  return plain;
}
