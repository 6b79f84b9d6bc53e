import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const { cache } = createRequire(import.meta.url);

/** When each module's file was changed last, as of its first import. */
const firstImports = new Map<string, number>();

/**
 * Imports a module. Node keeps a module as it was at its first import, but a reload wants the file as it is now: one that
 * has changed since then is imported as another module. What it imports itself stays as it was.
 *
 * @throws what the module throws
 */
export async function loadModule(url: string): Promise<Readonly<Record<string, unknown>>> {
  return (await import(await currentUrl(url))) as Record<string, unknown>;
}

async function currentUrl(url: string): Promise<string> {
  if (!url.startsWith("file:")) return url;
  const path = fileURLToPath(url);
  const { mtimeMs } = await stat(path);
  const first = firstImports.get(url);
  if (first === undefined) firstImports.set(url, mtimeMs);
  if (first === undefined || first === mtimeMs) return url;
  Reflect.deleteProperty(cache, path); // CommonJS modules are kept by their path
  return `${url}?changed=${mtimeMs}`;
}
