import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import selfsigned from "selfsigned";

/** Makes a key and a certificate for this machine, and writes them to files. @returns an endpoint's `tls` */
export async function makeTls(): Promise<{ key: string; certificate: string }> {
  const { private: key, cert } = await selfsigned.generate([{ name: "commonName", value: "localhost" }], {
    keySize: 2048,
  });
  const folder = await mkdtemp(join(tmpdir(), "wampgate-tls-"));
  const files = { key: join(folder, "key.pem"), certificate: join(folder, "cert.pem") };
  await writeFile(files.key, key);
  await writeFile(files.certificate, cert);
  return files;
}
