import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createSecureContext, type PeerCertificate, type TLSSocket } from "node:tls";
import { WampgateError } from "../../errors/wampgate-error.ts";
import type { Dict } from "../../wamp/payload.ts";
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
  const options: TlsOptions = {
    key: key as Buffer,
    cert: Buffer.concat(certificates.flatMap((certificate) => [certificate, Buffer.from("\n")])),
    ...(authorities === undefined ? {} : { ca: await Promise.all(authorities.map(read)) }),
    requestCert: authorities !== undefined,
    rejectUnauthorized: authorities !== undefined,
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

/** The certificate that a client has sent, as an authenticator gets it; null if it has sent none. */
export function clientCertificate(socket: TLSSocket): Dict | null {
  const certificate = socket.getPeerCertificate() as PeerCertificate | null;
  if (certificate === null || Object.keys(certificate).length === 0) return null;
  const { subject, issuer, valid_from, valid_to, fingerprint256, serialNumber, subjectaltname } = certificate;
  return {
    subject: { ...subject },
    issuer: { ...issuer },
    valid_from,
    valid_to,
    sha256: fingerprint256,
    serial: serialNumber,
    ...(subjectaltname === undefined ? {} : { subjectaltname }),
  };
}
