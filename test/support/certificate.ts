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
