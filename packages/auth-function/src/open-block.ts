import { fileURLToPath } from "node:url";
import {
  BlockError,
  type BlockSurroundings,
  importErrorText,
  isDict,
  type Log,
  type OpenBlock,
  shownCause,
  thrownText,
} from "@wampgate/core";
import type { Authenticate, Authenticator, Create } from "./authenticator.ts";
import type { Block } from "./block.ts";
import { loadModule } from "./load-module.ts";

/** A block at work. */
export interface FunctionBlock {
  readonly module: string;
  readonly timeout: number;
  readonly authenticate: Authenticate;
  readonly log: Log;
}

interface AuthenticatorModule {
  readonly create: Create;
  /** Ends what `create` has given. */
  readonly close: ((made: Authenticate | Authenticator) => void | Promise<void>) | undefined;
}

/** Imports the module of a block. @throws BlockError if it cannot be used */
export async function moduleOf(
  { module: name }: Block,
  { resolveModule }: Pick<BlockSurroundings, "resolveModule">,
): Promise<AuthenticatorModule> {
  const loaded = await imported(name, resolveModule);
  const exported = typeof loaded["create"] !== "function" && isDict(loaded["default"]) ? loaded["default"] : loaded;
  const { create, close } = exported;
  if (typeof create !== "function")
    throw new BlockError(["module"], `"${name}" exports no function create(config, { log })`);
  if (close !== undefined && typeof close !== "function")
    throw new BlockError(["module"], `"${name}" exports a close that is no function`);
  return { create: create as Create, close: close as AuthenticatorModule["close"] };
}

async function imported(
  name: string,
  resolveModule: BlockSurroundings["resolveModule"],
): Promise<Readonly<Record<string, unknown>>> {
  let url: string;
  try {
    url = resolveModule(name);
  } catch (error) {
    throw new BlockError(["module"], (error as Error).message);
  }
  try {
    return await loadModule(url);
  } catch (error) {
    if (isMissing(url, error)) throw new BlockError(["module"], `the file "${name}" does not exist`);
    const text = await importErrorText(url.startsWith("file:") ? fileURLToPath(url) : url, error);
    throw new BlockError(["module"], `"${name}" does not load: ${text}`, { cause: shownCause(error) });
  }
}

/** Whether the file itself is missing, and not one that the module reads. */
function isMissing(url: string, error: unknown): boolean {
  const { code, path } = (error ?? {}) as Partial<NodeJS.ErrnoException>; // a module may throw anything
  return code === "ENOENT" && url.startsWith("file:") && path === fileURLToPath(url);
}

/** Makes the authenticator of a block. @throws BlockError */
export async function openBlock(
  own: Block,
  log: Log,
  surroundings: Pick<BlockSurroundings, "resolveModule">,
): Promise<OpenBlock<FunctionBlock>> {
  const { create, close } = await moduleOf(own, surroundings);
  const { module, timeout, config } = own;
  const made: unknown = await created(create, config, log, module);
  const authenticate = authenticateOf(made);
  if (authenticate === null)
    throw new BlockError(
      ["module"],
      `create of "${module}" gave no authenticate(realm, authid, details), and no { authenticate, close }`,
    );
  return {
    value: { module, timeout, authenticate, log },
    async close() {
      await (made as Partial<Authenticator>).close?.();
      await close?.(made as Authenticate | Authenticator);
    },
  };
}

async function created(create: Create, config: unknown, log: Log, name: string): Promise<unknown> {
  try {
    return await create(config, { log });
  } catch (error) {
    throw new BlockError(["module"], `create of "${name}" failed: ${thrownText(error)}`, { cause: shownCause(error) });
  }
}

function authenticateOf(made: unknown): Authenticate | null {
  if (typeof made === "function") return made as Authenticate;
  if (typeof made !== "object" || made === null) return null;
  const { authenticate } = made as Partial<Authenticator>;
  return typeof authenticate === "function" ? (...args) => authenticate.apply(made, args) : null;
}
