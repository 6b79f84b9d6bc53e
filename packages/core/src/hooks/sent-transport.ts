import type { TransportDetails } from "../contract/hello.ts";

/**
 * `details.transport` as authenticators and authorizers get it: the keys of Crossbar's documentation and of its current
 * versions. The keys are listed one by one, so that what only plugins may see never goes over the wire.
 */
export function sentTransport(
  transport: TransportDetails,
): Omit<TransportDetails, "address" | "facts" | "takesCookies" | "channelBinding"> {
  return {
    type: transport.type,
    protocol: transport.protocol,
    peer: transport.peer,
    cbtid: transport.cbtid,
    client_cert: transport.client_cert,
    http_headers_received: transport.http_headers_received,
    http_headers_sent: transport.http_headers_sent,
    channel_type: transport.channel_type,
    channel_framing: transport.channel_framing,
    channel_serializer: transport.channel_serializer,
    is_secure: transport.is_secure,
    peer_cert: transport.peer_cert,
    websocket_protocol: transport.websocket_protocol,
    http_cbtid: transport.http_cbtid,
  };
}
