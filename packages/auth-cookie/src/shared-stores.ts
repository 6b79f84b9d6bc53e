import { access, constants } from "node:fs/promises";
import { dirname } from "node:path";
import { BlockError, type BlockSurroundings, type Log, type SharedState, thrownText } from "@wampgate/core";
import { BoundedStore } from "./bounded-store.ts";
import { FileStore } from "./file-store.ts";
import { keyvStoreOf } from "./keyv-store.ts";
import { Logins } from "./logins.ts";
import { MemoryStore } from "./memory-store.ts";
import { isKey } from "./set-cookie.ts";
import type { StoreSettings } from "./settings.ts";
import type { LoginStore } from "./store.ts";

type Files = Pick<BlockSurroundings, "resolve" | "resolveModule">;

interface Shared {
  readonly logins: Promise<Logins>;
  /** Null while it is being opened. */
  opened: Logins | null;
  users: number;
}

/** By which topic routers tell each other that a cookie is revoked, and for how long those that come later hear it, in seconds. */
const REVOKED = "revoked";
const KEPT = 86_400;

/** The stores of one router. Blocks with the same settings share one, and a reload keeps it. */
export class SharedStores {
  readonly #stores = new Map<string, Shared>();
  #state: SharedState | null = null;

  /** Shares what is revoked with the other routers of a cluster. Without one, `state` only tells this router. */
  connect(state: SharedState): void {
    this.#state = state;
    state.on(REVOKED, (key) => {
      if (typeof key !== "string" || !isKey(key)) return;
      for (const { opened } of this.#stores.values()) opened?.revoked(key);
    });
  }

  /** @returns the logins of a store, and what to call when they are not needed any more @throws BlockError */
  async take(
    settings: StoreSettings,
    files: Files,
    log: Log,
  ): Promise<{ readonly logins: Logins; readonly giveBack: () => Promise<void> }> {
    const key = keyOf(settings, files);
    const shared = this.#stores.get(key) ?? { logins: this.#open(settings, files, log), opened: null, users: 0 };
    this.#stores.set(key, shared);
    shared.users++;
    const giveBack = async (): Promise<void> => {
      if (--shared.users > 0) return;
      this.#stores.delete(key);
      await (await shared.logins).close();
    };
    try {
      shared.opened = await shared.logins;
      return { logins: shared.opened, giveBack };
    } catch (error) {
      if (--shared.users === 0) this.#stores.delete(key);
      throw error;
    }
  }

  /** Whether a store answers: one that is open is asked as it is. @throws BlockError */
  async probe(settings: StoreSettings, files: Files): Promise<string | undefined> {
    if (settings.type === "memory") return undefined;
    const isFile = settings.type === "file";
    if (isFile && !(await isThere(files.resolve(settings.filename))))
      return "the start will make the file of its store";
    const { logins, giveBack } = await this.take(settings, files, noLog);
    try {
      await logins.tryStore();
      return "its store answers";
    } catch (error) {
      const { cause } = error as Error;
      throw new BlockError(["store", isFile ? "filename" : "module"], `the store fails: ${thrownText(cause)}`, {
        cause,
      });
    } finally {
      await giveBack();
    }
  }

  async #open(settings: StoreSettings, files: Files, log: Log): Promise<Logins> {
    const store = new BoundedStore(await opened(settings, files), nameOf(settings, files), log);
    return new Logins(store, log, {
      tell: (key) => {
        this.#state?.announce(REVOKED, key, { keepFor: KEPT }).catch(() => undefined); // it never rejects
      },
      canAgree: () => this.#state?.canAgree() ?? Promise.resolve(true),
    });
  }
}

/** A store that is only tried has nothing to log: its failure is told. */
const noLog: Log = {
  ...{ debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  child: () => noLog,
};

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
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
