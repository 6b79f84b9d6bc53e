// Makes the certificates of the example: of the router, of the authority that vouches for clients, and of some clients.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import selfsigned from "selfsigned";

const { FILES } = process.env;
const tomorrow = new Date(Date.now() + 24 * 3600_000);

async function make(file, attributes, options) {
  const subject = Object.entries(attributes).map(([name, value]) => ({ name, value }));
  const common = { keyType: "ec", algorithm: "sha256", notAfterDate: tomorrow };
  const { private: key, cert } = await selfsigned.generate(subject, { ...common, ...options });
  await writeFile(join(FILES, `${file}.key`), key);
  await writeFile(join(FILES, `${file}.pem`), cert);
  return { key, cert };
}

const here = { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] };
await make("server", { commonName: "localhost" }, { extensions: [here] });
const authority = { extensions: [{ name: "basicConstraints", cA: true, critical: true }] };
const ca = await make("clients-ca", { commonName: "clients of example.com" }, authority);
const forClients = [{ name: "extKeyUsage", clientAuth: true }];
await make("billing", { commonName: "billing", organizationName: "dev" }, { ca, extensions: forClients });
await make("sensor", { commonName: "sensor-7" }, { ca, extensions: forClients });
// Of an authority of its own, which the router does not know.
await make("stranger", { commonName: "billing", organizationName: "dev" }, { extensions: forClients });
