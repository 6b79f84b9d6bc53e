import { access, constants } from "node:fs/promises";
import { dirname } from "node:path";
import { BlockError, type BlockSurroundings, type Log, thrownText } from "@wampgate/core";
import { BoundedStore } from "./bounded-store.ts";
import { FileStore } from "./file-store.ts";
import { keyvStoreOf } from "./keyv-store.ts";
import { Logins } from "./logins.ts";
import { MemoryStore } from "./memory-store.ts";
import type { StoreSettings } from "./settings.ts";
import type { LoginStore } from "./store.ts";

type Files = Pick<BlockSurroundings, "resolve" | "resolveModule">;

interface Shared {
  readonly logins: Promise<Logins>;
  users: number;
}

/** The stores of one router. Blocks with the same settings share one, and a reload keeps it. */
export class SharedStores {
  readonly #stores = new Map<string, Shared>();

  /** @returns the logins of a store, and what to call when they are not needed any more @throws BlockError */
  async take(
    settings: StoreSettings,
    files: Files,
    log: Log,
  ): Promise<{ readonly logins: Logins; readonly giveBack: () => Promise<void> }> {
    const key = keyOf(settings, files);
    const shared = this.#stores.get(key) ?? { logins: open(settings, files, log), users: 0 };
    this.#stores.set(key, shared);
    shared.users++;
    const giveBack = async (): Promise<void> => {
      if (--shared.users > 0) return;
      this.#stores.delete(key);
      await (await shared.logins).close();
    };
    try {
      return { logins: await shared.logins, giveBack };
    } catch (error) {
      if (--shared.users === 0) this.#stores.delete(key);
      throw error;
    }
  }
}

/** Looks at what a store needs, without opening it. @throws BlockError */
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

async function open(settings: StoreSettings, files: Files, log: Log): Promise<Logins> {
  return new Logins(new BoundedStore(await opened(settings, files), nameOf(settings, files), log), log);
}

async function opened(settings: StoreSettings, files: Files): Promise<LoginStore> {
  switch (settings.type) {
    case "memory":
      return new MemoryStore();
    case "file":
      return FileStore.open(files.resolve(settings.filename)).catch((error: unknown) => {
        throw new BlockError(["store", "filename"], (error as Error).message, { cause: error });
      });
    case "module": {
      const url = urlOf(settings.module, files);
      try {
        const { default: exported } = (await import(url)) as { default?: unknown };
        return await keyvStoreOf(exported, settings.config);
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

/** Blocks with the same key share a store. */
function keyOf(settings: StoreSettings, files: Files): string {
  const name = nameOf(settings, files);
  return settings.type === "module" ? `${name} ${JSON.stringify(settings.config)}` : name;
}

/** The name of a store, for the log. */
function nameOf(settings: StoreSettings, files: Files): string {
  switch (settings.type) {
    case "memory":
      return "memory";
    case "file":
      return `file ${files.resolve(settings.filename)}`;
    case "module":
      return `module ${settings.module}`;
  }
}
