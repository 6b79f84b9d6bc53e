import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { jest } from "@jest/globals";
import selfsigned from "selfsigned";
import type { ClientCertificate } from "../../contract/hello.ts";
import { clientCertificate } from "./client-certificate.ts";

interface Wish {
  readonly name?: readonly { readonly name: string; readonly value: string }[];
  /** By the numbers of RFC 5280: 1 email, 2 DNS, 6 URI. */
  readonly alternatives?: readonly { readonly type: 1 | 2 | 6 | 7; readonly value?: string; readonly ip?: string }[];
  readonly until?: Date;
}

const CN = { name: "commonName", value: "client_0" };

async function made({ name = [CN], alternatives = [], until }: Wish = {}): Promise<X509Certificate> {
  const altNames = [...alternatives];
  const { cert } = await selfsigned.generate([...name], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: altNames.length === 0 ? [{ name: "basicConstraints" }] : [{ name: "subjectAltName", altNames }],
    ...(until === undefined ? {} : { notBeforeDate: new Date(0), notAfterDate: until }),
  });
  return new X509Certificate(cert);
}

const read = async (wish?: Wish): Promise<ClientCertificate> => clientCertificate(await made(wish))();

it("a certificate is read as Crossbar sends it, with the names of attributes in lower case", async () => {
  const until = new Date("2096-03-01T08:00:00Z");
  const x509 = await made({ name: [CN, { name: "organizationName", value: "dev" }], until });
  const name = { cn: "client_0", o: "dev" };
  expect(clientCertificate(x509)()).toEqual({
    sha1: x509.fingerprint,
    sha256: x509.fingerprint256,
    subject: name,
    issuer: name,
    serial: x509.serialNumber,
    not_before: "19700101000000Z",
    not_after: "20960301080000Z",
    expired: false,
    extensions: [],
    subjectaltname: [],
  });
  expect(x509.fingerprint256).toMatch(/^([\dA-F]{2}:){31}[\dA-F]{2}$/);
});

it("an attribute that a name has several times is a list", async () => {
  const { subject } = await read({ name: [CN, { name: "commonName", value: "root" }] });
  expect(subject).toEqual({ cn: ["client_0", "root"] });
});

it.each(["a, CN=root", "a\\nCN=root", "a\u0000b", 'a"b', "DNS:root"])(
  "an attribute keeps its value, whatever stands in it: %j",
  async (value) => {
    const escaped = value.replace(/[,="\\]/g, "\\$&");
    expect((await read({ name: [{ name: "commonName", value: escaped }] })).subject).toEqual({ cn: value });
  },
);

it("alternative names are apart, with their types", async () => {
  const { subjectaltname, extensions } = await read({
    alternatives: [
      { type: 2, value: "client.example.com" },
      { type: 6, value: "spiffe://example.com/client" },
      { type: 1, value: "ann@example.com" },
      { type: 7, ip: "192.0.2.1" },
    ],
  });
  expect(subjectaltname).toEqual([
    "DNS:client.example.com",
    "URI:spiffe://example.com/client",
    "email:ann@example.com",
    "IP Address:192.0.2.1",
  ]);
  expect(extensions).toEqual([{ name: "subjectAltName", value: subjectaltname.join(", ") }]);
});

it.each(["a, DNS:root", 'a", DNS:"root', "a\\", "a\u0000.example.com", "a:b"])(
  "an alternative name cannot make itself look like two: %j",
  async (value) => {
    const { subjectaltname } = await read({
      alternatives: [
        { type: 2, value },
        { type: 2, value: "end" },
      ],
    });
    expect(subjectaltname).toEqual([`DNS:${value}`, "DNS:end"]);
  },
);

it.each([["nothing of the kind"], ['DNS:"a", DNS'], ['DNS:"\\x"'], ["DNS:a,DNS:b"]])(
  "a text of alternative names in another form gives none: %s",
  async (subjectAltName) => {
    const x509 = await made();
    const odd = new Proxy(x509, {
      get: (target, key) =>
        key === "subjectAltName" ? subjectAltName : bound(Reflect.get(target, key, target) as unknown, target),
    });
    expect(clientCertificate(odd)().subjectaltname).toEqual([]);
  },
);

it("what it may be used for is told", async () => {
  const { cert } = await selfsigned.generate([CN], { keyType: "ec", algorithm: "sha256" });
  const { extensions } = clientCertificate(new X509Certificate(cert))();
  expect(extensions).toContainEqual({ name: "extendedKeyUsage", value: "1.3.6.1.5.5.7.3.1, 1.3.6.1.5.5.7.3.2" });
});

it("it expires when its time comes, though it was read before", async () => {
  const certificate = clientCertificate(await made({ until: new Date("2030-01-01T00:01:00Z") }));
  jest.useFakeTimers({ now: Date.parse("2030-01-01T00:00:00Z") });
  try {
    expect(certificate().expired).toBe(false);
    jest.setSystemTime(Date.parse("2030-01-01T00:01:00Z"));
    expect(certificate().expired).toBe(true);
  } finally {
    jest.useRealTimers();
  }
});

it("one whose end cannot be read has expired", async () => {
  const x509 = await made();
  const odd = new Proxy(x509, {
    get: (target, key) =>
      key === "validTo" ? "Bad time value" : bound(Reflect.get(target, key, target) as unknown, target),
  });
  expect(clientCertificate(odd)()).toMatchObject({ expired: true, not_after: "Bad time value" });
});

/** Methods of a certificate want it as `this`. */
function bound(value: unknown, target: object): unknown {
  return typeof value === "function" ? (value.bind(target) as unknown) : value;
}

it("a certificate may be read before anything else of a process uses TLS, which works after that", async () => {
  const built = new URL("../../../dist/transports/net/client-certificate.js", import.meta.url).href;
  const script = `
    import { X509Certificate } from "node:crypto";
    import { clientCertificate } from ${JSON.stringify(built)};
    clientCertificate(new X509Certificate(${JSON.stringify((await made()).toString())}));
    const { createSecureContext } = await import("node:tls");
    console.log(typeof createSecureContext);
  `;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect(stdout.trim()).toBe("function");
});
