import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import type { ChannelBinding, ClientCertificate } from "../../contract/hello.ts";
import type { KnownByTls } from "../../contract/transport.ts";
import { WampgateError } from "../../errors/wampgate-error.ts";
import { clientCertificate } from "./client-certificate.ts";
import type { TlsSettings } from "./settings.ts";

/** What Node's TLS servers take. */
export interface TlsOptions {
  readonly key: Buffer;
  readonly cert: Buffer;
  readonly ca?: Buffer[];
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly handshakeTimeout: number;
}

/** How long a client may take for the TLS handshake, in milliseconds. */
const HANDSHAKE_TIME = 10_000;

/**
 * Reads the files of a TLS endpoint, and checks that they belong together.
 * @throws WampgateError that names the file, or says what does not fit
 */
export async function readTls(settings: TlsSettings, folder: string): Promise<TlsOptions> {
  const read = async (name: string): Promise<Buffer> => {
    try {
      return await readFile(resolve(folder, name));
    } catch (error) {
      throw new WampgateError(
        "WG_TLS_FILE",
        `the TLS file ${resolve(folder, name)} cannot be read: ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
  };
  const [key, ...certificates] = await Promise.all(
    [settings.key, settings.certificate, ...settings["chain-certificates"]].map(read),
  );
  const authorities = settings["ca-certificates"];
  const asked = authorities !== undefined;
  const options: TlsOptions = {
    key: key as Buffer,
    cert: Buffer.concat(certificates.flatMap((certificate) => [certificate, Buffer.from("\n")])),
    ...(authorities === undefined ? {} : { ca: await Promise.all(authorities.map(read)) }),
    requestCert: asked,
    rejectUnauthorized: asked && settings["client-certificates"] !== "optional",
    minVersion: settings["minimum-version"],
    handshakeTimeout: HANDSHAKE_TIME,
  };
  try {
    createSecureContext(options);
  } catch (error) {
    const { key: keyFile, certificate } = settings;
    throw new WampgateError(
      "WG_TLS_PAIR",
      `the TLS key ${keyFile} and the certificate ${certificate} cannot be used: ${(error as Error).message}`,
      { cause: error },
    );
  }
  return options;
}

/** The authorities that vouch for clients, until a reload names others. */
export interface Trust {
  isCurrent: boolean;
}

/**
 * What a client's TLS tells of the connection.
 *
 * @param isForwarded whether a proxy made the connection for its client, which then has another one, to the proxy
 * @param trust the authorities by which the client's certificate was checked when it came
 */
export function knownByTls(socket: Socket, isForwarded: boolean, trust: Trust): KnownByTls {
  if (!(socket instanceof TLSSocket)) return {};
  return {
    certificate: isForwarded ? () => null : certificateOf(socket, trust),
    channelBinding: (name) => (isForwarded ? none("its TLS ends at a proxy") : bindingOf(socket, name)),
  };
}

/**
 * Reads the certificate that a client has sent when it is asked for first, as at its login; null if it has sent none that is
 * trusted by then. For a session that is there it stays what it was.
 */
function certificateOf(socket: TLSSocket, trust: Trust): () => ClientCertificate | null {
  let read: (() => ClientCertificate) | null = null;
  return () => {
    // `authorized` alone is not enough: it also holds for a resumed connection without a certificate.
    const found = read === null && trust.isCurrent && socket.authorized ? socket.getPeerX509Certificate() : undefined;
    if (found !== undefined) read = clientCertificate(found);
    return read?.() ?? null;
  };
}

/** RFC 9266 section 2. The empty context counts: with TLS 1.2, no context gives another value. */
const EXPORTER = { length: 32, label: "EXPORTER-Channel-Binding", context: Buffer.alloc(0) };

function bindingOf(socket: TLSSocket, name: string): ChannelBinding {
  const tlsVersion = socket.getProtocol();
  if (socket.destroyed) return none("it has ended");
  if (tlsVersion !== "TLSv1.2" && tlsVersion !== "TLSv1.3") return none(`it uses ${String(tlsVersion)}`);
  switch (name) {
    case "tls-exporter": {
      // RFC 9266 section 4.2: with TLS 1.2 only for the extended master secret, of which Node does not tell.
      if (tlsVersion === "TLSv1.2") return none("it uses TLS 1.2, and this one needs TLS 1.3");
      const { length, label, context } = EXPORTER;
      return { values: [socket.exportKeyingMaterial(length, label, context)], tlsVersion };
    }
    case "tls-unique": {
      // Two connections that were resumed can have the same Finished messages (the triple handshake attack).
      if (socket.isSessionReused()) return none("it resumes an earlier TLS session");
      const [client, server] = [socket.getPeerFinished(), socket.getFinished()];
      if (client === undefined || server === undefined) return none("its TLS handshake is not complete");
      return { values: [client, server], tlsVersion };
    }
    default:
      return none("no binding of that name is known");
  }
}

function none(reason: string): ChannelBinding {
  return { values: null, reason };
}
