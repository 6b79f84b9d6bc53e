// Before `toLegacyObject`: in Node.js 20 the first call of it would load half of `node:tls`, whose `createSecureContext` would be missing
// in this process from then on.
import "node:tls";
import type { X509Certificate } from "node:crypto";
import type { CertificateName, ClientCertificate } from "../../contract/hello.ts";

/**
 * Reads a client's certificate, once. What is in it comes from its authority, which may let clients choose: so nothing is
 * read from texts in which a value could look like two.
 *
 * @returns the certificate, and whether it has expired by then
 */
export function clientCertificate(certificate: X509Certificate): () => ClientCertificate {
  const { subject, issuer } = certificate.toLegacyObject();
  const end = Date.parse(certificate.validTo);
  const read = {
    sha1: certificate.fingerprint,
    sha256: certificate.fingerprint256,
    subject: nameOf(subject),
    issuer: nameOf(issuer),
    serial: certificate.serialNumber,
    not_before: timeOf(certificate.validFrom),
    not_after: timeOf(certificate.validTo),
    extensions: extensionsOf(certificate),
    subjectaltname: alternativeNames(certificate.subjectAltName ?? ""),
  };
  return () => ({ ...read, expired: !(end > Date.now()) });
}

/** By Node's legacy object, which has each value of an attribute apart. */
function nameOf(attributes: unknown): CertificateName {
  const values = new Map<string, string[]>();
  for (const [key, value] of Object.entries(attributes ?? {})) {
    const name = key.toLowerCase();
    values.set(name, [...(values.get(name) ?? []), ...([value].flat() as string[])]);
  }
  return Object.fromEntries(Array.from(values, ([name, list]) => [name, list.length === 1 ? (list[0] ?? "") : list]));
}

/** As in ASN.1, and as Crossbar sends it: `20260131080000Z`. */
function timeOf(text: string): string {
  const time = Date.parse(text);
  if (Number.isNaN(time)) return text;
  return new Date(time).toISOString().replace(/\.\d+|[-:T]/g, "");
}

function extensionsOf({ subjectAltName, keyUsage, infoAccess }: X509Certificate): ClientCertificate["extensions"] {
  const known: [name: string, value: string | undefined][] = [
    ["subjectAltName", subjectAltName],
    // Node names the extended key usage so.
    ["extendedKeyUsage", (keyUsage as string[] | undefined)?.join(", ")],
    ["authorityInfoAccess", infoAccess],
  ];
  return known.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}

/** A type, a colon and a value: Node writes the value as JSON if it holds a comma, a quote or what cannot be seen. */
const ALTERNATIVE = /([^:,"]+):("(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-f]{4}))*"|[^",]*)(?:, |$)/iuy;

/** Each name apart. A text of another form, of which nothing is known for certain, gives none. */
function alternativeNames(text: string): string[] {
  const names: string[] = [];
  for (ALTERNATIVE.lastIndex = 0; ALTERNATIVE.lastIndex < text.length;) {
    const [, type, value = ""] = ALTERNATIVE.exec(text) ?? [];
    if (type === undefined) return [];
    names.push(`${type}:${value.startsWith('"') ? String(JSON.parse(value)) : value}`);
  }
  return names;
}
