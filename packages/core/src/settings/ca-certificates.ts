import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { BlockError } from "../errors/block-error.ts";

/**
 * The texts of the files that a block's key `ca-certificates` names: the CAs that a server's certificate may be of.
 *
 * @param resolve gives the absolute path of a file, as `check` and `open` of a strategy get it
 * @throws BlockError naming the file that is missing, or is no certificate
 * @example const ca = await caCertificates(block["ca-certificates"], surroundings.resolve);
 */
export async function caCertificates(files: readonly string[], resolve: (path: string) => string): Promise<string[]> {
  return Promise.all(
    files.map(async (file, i) => {
      const path = ["ca-certificates", i];
      const text = await readFile(resolve(file), "utf8").catch((error: unknown) => {
        const { code } = error as NodeJS.ErrnoException;
        throw new BlockError(path, code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`);
      });
      try {
        new X509Certificate(text);
      } catch {
        throw new BlockError(path, "expected a certificate in PEM");
      }
      return text;
    }),
  );
}
