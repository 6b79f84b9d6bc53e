import { once } from "node:events";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import type { FakeClient } from "@wampgate/plugin-testkit";
import { connectRaw } from "./raw-client.ts";
import { connectRawSocket } from "./raw-socket.ts";

/** A client whose TLS socket is at hand. */
export interface TlsClient {
  readonly client: FakeClient;
  readonly tls: TLSSocket;
  /** What resumes the connection's TLS session, as the option `session`. */
  readonly session: Promise<Buffer>;
}

/**
 * A client over TLS. No certificate is checked.
 *
 * @param url `wss:`, `rss:`
 * @param options of TLS, for example `maxVersion`
 * @param headers of a WebSocket's request
 */
export async function connectOverTls(
  url: string,
  options: ConnectionOptions = {},
  headers: Record<string, string> = {},
): Promise<TlsClient> {
  const { hostname: host, port } = new URL(url.replace(/^\w+:/, "http:"));
  const tls = connect({ host, port: Number(port), rejectUnauthorized: false, ...options });
  const session = new Promise<Buffer>((resolve) => tls.once("session", resolve));
  await once(tls, "secureConnect");
  const client = url.startsWith("rss:")
    ? await connectRawSocket(url, tls)
    : await connectRaw(url, "wamp.2.json", { createConnection: () => tls, headers });
  return { client, tls, session };
}
