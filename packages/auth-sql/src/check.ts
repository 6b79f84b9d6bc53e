import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { type AuthMethod, BlockError, type BlockSurroundings, caCertificates } from "@wampgate/core";
import { type Block, isOpenToReaders } from "./block.ts";
import { judges, keysProblem, PASSWORD_HASH } from "./columns.ts";

/** The npm package that each client needs. */
const PACKAGES = { pg: "pg", mysql2: "mysql2", sqlite: "libsql" } as const;

const { resolve: find } = createRequire(import.meta.url);

/** Looks at a block without a connection. @throws BlockError */
export async function checkBlock(
  own: Block,
  { method, warn, resolve }: Pick<BlockSurroundings, "warn" | "resolve"> & { readonly method: AuthMethod | null },
): Promise<void> {
  if (method !== null) checkKeys(own, method, warn);
  const name = PACKAGES[own.client];
  const missing = isInstalled(name) ? null : `it needs the package ${name}; run: npm install ${name}`;
  if (missing !== null) throw new BlockError(["client"], missing);
  // The database need not be there yet.
  if (own.client === "sqlite") await checkFile(resolve(own.connection), { mayBeMissing: true });
  await caCertificates(own["ca-certificates"], resolve);
  if (isOpenToReaders(own))
    warn(["connection"], "what proofs are checked with comes over a network without TLS: turn on tls");
}

/** Whether this package finds another one. */
export function isInstalled(name: string): boolean {
  try {
    return find(name) !== "";
  } catch {
    return false;
  }
}

function checkKeys({ columns }: Block, method: AuthMethod, warn: BlockSurroundings["warn"]): void {
  const problem = keysProblem(columns, method);
  if (problem !== null) throw new BlockError(["columns", ...(problem.key === null ? [] : [problem.key])], problem.text);
  if (columns[PASSWORD_HASH] !== undefined && !judges(method))
    warn(["columns", PASSWORD_HASH], `${method.name} shows no ticket that it could be compared with`);
}

/** Looks whether a path is a file of SQLite. @throws BlockError */
export async function checkFile(file: string, { mayBeMissing = false } = {}): Promise<void> {
  const found = await stat(file).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && mayBeMissing) return null;
    throw new BlockError(["connection"], code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`);
  });
  if (found?.isFile() === false) throw new BlockError(["connection"], "this is no file");
}
