import { join } from "node:path";
import selfsigned from "selfsigned";
import { folderOf } from "../../jest/folder.ts";

/** Makes a key and a certificate for this machine, and writes them to files. @returns an endpoint's `tls` */
export async function makeTls(): Promise<{ key: string; certificate: string }> {
  const { private: key, cert } = await selfsigned.generate([{ name: "commonName", value: "localhost" }], {
    keySize: 2048,
  });
  const folder = await folderOf({ "key.pem": key, "cert.pem": cert });
  return { key: join(folder, "key.pem"), certificate: join(folder, "cert.pem") };
}

/** A certificate and its key, PEM. The names are those of Node's TLS options. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

type Options = NonNullable<Parameters<typeof selfsigned.generate>[1]>;

/** What a certificate says. */
export interface Subject {
  /** The attributes of its name, several of a name if it is there several times: `[["commonName", "client_0"]]`. */
  readonly name?: readonly (readonly [attribute: string, value: string])[];
  /** As in the config: `DNS:…`, `URI:…`, `email:…`. */
  readonly alternatives?: readonly string[];
  readonly until?: Date;
  /** Default: that it is a client's; or its alternative names, if it has some. */
  readonly extensions?: Options["extensions"];
}

/** An authority that makes certificates for clients. */
export interface Authority extends Certificate {
  issue(subject: Subject): Promise<Certificate>;
}

const ALTERNATIVES: Readonly<Record<string, 1 | 2 | 6>> = { email: 1, DNS: 2, URI: 6 };

/** Makes an authority of its own. */
export async function makeAuthority(name = "authority"): Promise<Authority> {
  const root = await generate(
    { name: [["commonName", name]] },
    { extensions: [{ name: "basicConstraints", cA: true, critical: true }] },
  );
  return { ...root, issue: (subject) => generate(subject, { ca: root }) };
}

async function generate(
  {
    name = [["commonName", "client_0"]],
    alternatives = [],
    until = new Date(Date.now() + 86_400_000),
    extensions,
  }: Subject,
  options: Options,
): Promise<Certificate> {
  const altNames = alternatives.map((text) => {
    const [, type = "", value = ""] = /^(\w+):(.*)$/s.exec(text) ?? [];
    return { type: ALTERNATIVES[type] ?? 2, value };
  });
  const { private: key, cert } = await selfsigned.generate(
    name.map(([attribute, value]) => ({ name: attribute, value })),
    {
      keyType: "ec",
      algorithm: "sha256",
      notBeforeDate: new Date(Math.min(Date.now(), until.getTime()) - 3_600_000),
      notAfterDate: until,
      extensions: extensions ?? [
        altNames.length === 0 ? { name: "extKeyUsage", clientAuth: true } : { name: "subjectAltName", altNames },
      ],
      ...options,
    },
  );
  return { key, cert };
}
