import { access, constants } from "node:fs/promises";
import { dirname } from "node:path";
import { BlockError, type BlockSurroundings, thrownText } from "@wampgate/core";
import { FileStore } from "./file-store.ts";
import { keyvStoreOf } from "./keyv-store.ts";
import { MemoryStore } from "./memory-store.ts";
import type { StoreSettings } from "./settings.ts";
import type { Purpose, Store } from "./store.ts";

/** Finds the files and modules that settings name. */
export type Files = Pick<BlockSurroundings, "resolve" | "resolveModule">;

/** Looks at what a store needs, without opening it. @throws BlockError, at the key `store` of the block */
export async function checkStore(settings: StoreSettings, files: Files): Promise<void> {
  if (settings.type === "module") urlOf(settings.module, files);
  if (settings.type !== "file") return;
  const folder = dirname(files.resolve(settings.filename));
  await access(folder, constants.W_OK).catch(() => {
    throw new BlockError(
      ["store", "filename"],
      `the folder ${folder} does not exist, or the router may not write there`,
    );
  });
}

/** Whether a store is a file that is not there yet. */
export async function isMissing(settings: StoreSettings, files: Files): Promise<boolean> {
  if (settings.type !== "file") return false;
  return access(files.resolve(settings.filename)).then(
    () => false,
    () => true,
  );
}

/** @throws BlockError, at the key `store` of the block */
export async function openStore(settings: StoreSettings, files: Files, purpose: Purpose): Promise<Store> {
  switch (settings.type) {
    case "memory":
      return new MemoryStore();
    case "file":
      return FileStore.open(files.resolve(settings.filename), purpose).catch((error: unknown) => {
        throw new BlockError(["store", "filename"], (error as Error).message, { cause: error });
      });
    case "module": {
      const url = urlOf(settings.module, files);
      try {
        const { default: exported } = (await import(url)) as { default?: unknown };
        return await keyvStoreOf(exported, settings.config, purpose);
      } catch (error) {
        throw new BlockError(["store", "module"], thrownText(error), { cause: error });
      }
    }
  }
}

/** @throws BlockError */
function urlOf(module: string, { resolveModule }: Files): string {
  try {
    return resolveModule(module);
  } catch (error) {
    throw new BlockError(["store", "module"], (error as Error).message);
  }
}

/** The same for settings that mean the same store. */
export function keyOf(settings: StoreSettings, files: Files): string {
  const name = nameOf(settings, files);
  return settings.type === "module" ? `${name} ${JSON.stringify(settings.config)}` : name;
}

/** The name of a store, for the log. */
export function nameOf(settings: StoreSettings, files: Files): string {
  switch (settings.type) {
    case "memory":
      return "memory";
    case "file":
      return `file ${files.resolve(settings.filename)}`;
    case "module":
      return `module ${settings.module}`;
  }
}
