import { chmod, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { jest } from "@jest/globals";
import Database from "libsql";
import { Keyv } from "keyv";
import { folderOf } from "../../../jest/folder.ts";
import { FileStore } from "./file-store.ts";
import { keyvStoreOf } from "./keyv-store.ts";
import { MemoryStore } from "./memory-store.ts";
import { MOST_OF_ONE, type Store } from "./store.ts";

const COOKIES = { what: "cookies" };
const LATER = Date.now() + 3_600_000;

const open: Store[] = [];
afterEach(async () => {
  jest.useRealTimers();
  for (const store of open.splice(0)) await store.close();
});

const kept = <S extends Store>(store: S): S => {
  open.push(store);
  return store;
};

/** From now on only the test moves the time of day. */
function stopClock(): void {
  const others = ["nextTick", "setImmediate", "clearImmediate", "setTimeout", "clearTimeout", "setInterval"] as const;
  jest.useFakeTimers({ now: Date.now(), doNotFake: [...others, "clearInterval", "queueMicrotask", "performance"] });
}

async function fileIn(folder: string): Promise<FileStore> {
  return kept(await FileStore.open(join(folder, "cookies.sqlite"), COOKIES));
}

describe.each<[string, () => Promise<Store>]>([
  ["memory", () => Promise.resolve(kept(new MemoryStore()))],
  ["a file", async () => fileIn(await folderOf({}))],
  ["a Keyv", async () => kept(await keyvStoreOf(new Keyv(), undefined, COOKIES))],
  ["a store for Keyv", async () => kept(await keyvStoreOf(new Map(), undefined, COOKIES))],
  [
    "what a function makes of the config",
    async () => kept(await keyvStoreOf((own: Map<string, string>) => own, new Map(), COOKIES)),
  ],
])("in %s", (_what, make) => {
  it("what is set last is there, until it is deleted", async () => {
    const store = await make();
    await store.set("a", "one", LATER, "joe");
    await store.set("a", "two", LATER, "joe");
    await store.set("b", "other", LATER, "joe");
    expect([await store.get("a"), await store.get("b"), await store.get("c")]).toEqual(["two", "other", undefined]);
    await store.delete("a");
    await store.delete("a");
    expect([await store.get("a"), await store.get("b")]).toEqual([undefined, "other"]);
  });

  it("what is over is not there", async () => {
    stopClock();
    const store = await make();
    await store.set("a", "one", Date.now() + 1000, "joe");
    await store.set("b", "other", LATER, "joe");
    jest.setSystemTime(Date.now() + 1001);
    expect([await store.get("a"), await store.get("b")]).toEqual([undefined, "other"]);
  });
});

describe.each<[string, () => Promise<Store>]>([
  ["memory", () => Promise.resolve(kept(new MemoryStore()))],
  ["a file", async () => fileIn(await folderOf({}))],
])("in %s", (_what, make) => {
  it("of one owner the oldest are dropped, and none of another one", async () => {
    stopClock();
    const store = await make();
    await store.set("ann", "hers", LATER, "ann");
    for (let i = 0; i <= MOST_OF_ONE; i++) {
      await store.set(`joe${i}`, "his", LATER, "joe");
      // Of two in the same millisecond any may be the older one.
      jest.setSystemTime(Date.now() + 1);
    }
    const keys = ["joe0", "joe1", `joe${MOST_OF_ONE}`, "ann"];
    const left = await Promise.all(keys.map(async (key) => store.get(key)));
    expect(left).toEqual([undefined, "his", "his", "hers"]);
  });
});

describe("in memory", () => {
  it("the oldest of all is dropped where there is no room, and what is over goes first", () => {
    let now = 0;
    const store = kept(new MemoryStore(3, () => now));
    store.set("a", "1", 10, "a");
    store.set("b", "2", 100_000, "b");
    store.set("c", "3", 100_000, "c");
    store.set("d", "4", 100_000, "d");
    expect([store.size, store.get("a"), store.get("b")]).toEqual([3, undefined, "2"]);
    store.set("e", "5", 70_000, "e");
    expect([store.size, store.get("b"), store.get("e")]).toEqual([3, undefined, "5"]);
    now = 80_000;
    store.set("f", "6", 100_000, "f");
    expect([store.size, store.get("c"), store.get("d"), store.get("f")]).toEqual([3, "3", "4", "6"]);
  });
});

describe("in a file", () => {
  it("what was set is there when it is opened again, and another process may have it open", async () => {
    const folder = await folderOf({});
    const [one, two] = [await fileIn(folder), await fileIn(folder)];
    await one.set("a", "text", LATER, "joe");
    expect(await two.get("a")).toBe("text");
    await two.delete("a");
    expect(await one.get("a")).toBeUndefined();
  });

  it("what is for two purposes does not meet", async () => {
    const path = join(await folderOf({}), "one.sqlite");
    const [cookies, codes] = [
      kept(await FileStore.open(path, COOKIES)),
      kept(await FileStore.open(path, { what: "codes" })),
    ];
    await cookies.set("a", "cookie", LATER, "joe");
    await codes.set("a", "code", LATER, "joe");
    expect([await cookies.get("a"), await codes.get("a")]).toEqual(["cookie", "code"]);
  });

  it("only its owner may read it", async () => {
    const folder = await folderOf({});
    await fileIn(folder);
    expect((await stat(join(folder, "cookies.sqlite"))).mode & 0o777).toBe(0o600);
  });

  it("what is over is dropped, some at a time", async () => {
    const folder = await folderOf({});
    const store = await fileIn(folder);
    const other = new Database(join(folder, "cookies.sqlite"));
    const insert = other.prepare("INSERT INTO cookies (key, text, expires, owner, written) VALUES (?, 'x', 1, ?, 1)");
    for (let i = 0; i < 5; i++) insert.run(`old${i}`, `owner${i}`);
    await store.set("a", "text", LATER, "joe");
    const { n } = other.prepare("SELECT count(*) AS n FROM cookies").get() as { n: number };
    expect(n).toBe(1);
    other.close();
  });

  it("while another process writes, it waits without holding anybody up, and gives up after a while", async () => {
    const folder = await folderOf({});
    const store = await fileIn(folder);
    const other = new Database(join(folder, "cookies.sqlite"));
    other.exec("BEGIN IMMEDIATE");
    let turns = 0;
    const busy = setInterval(() => turns++, 1);
    await expect(store.set("a", "text", LATER, "joe")).rejects.toThrow("locked");
    clearInterval(busy);
    expect(turns).toBeGreaterThan(20);
    const waiting = store.set("a", "text", LATER, "joe");
    other.exec("COMMIT");
    await waiting;
    expect(await store.get("a")).toBe("text");
    other.close();
  });

  it("nothing is asked of it once it is closed", async () => {
    const store = await FileStore.open(join(await folderOf({}), "cookies.sqlite"), COOKIES);
    store.close();
    await expect(store.get("a")).rejects.toThrow("the store is closed");
  });

  it.each<[string, (folder: string) => Promise<string>, string]>([
    [
      "whose folder is not there",
      (folder) => Promise.resolve(join(folder, "none", "file")),
      "its folder does not exist",
    ],
    ["that is a folder", (folder) => Promise.resolve(folder), "it cannot be written (EISDIR)"],
    [
      "of something else",
      async (folder) => {
        const path = join(folder, "cookies.dat");
        await writeFile(path, '{"id": "abc"}\n'.repeat(100));
        return path;
      },
      "it is no file of SQLite",
    ],
    [
      "with another table of that name",
      async (folder) => {
        const path = join(folder, "other.sqlite");
        const other = new Database(path);
        other.exec("CREATE TABLE cookies (a TEXT)");
        other.close();
        await chmod(path, 0o600);
        return path;
      },
      "no such column",
    ],
  ])("a file %s is refused with a sentence", async (_what, make, problem) => {
    const path = await make(await folderOf({}));
    await expect(FileStore.open(path, COOKIES)).rejects.toThrow(
      `the file ${path} cannot be used as a store of cookies: `,
    );
    await expect(FileStore.open(path, COOKIES)).rejects.toThrow(problem);
  });
});

describe("in a store of Keyv", () => {
  /** A store as many are: it tells an error by an event, and answers as if there were nothing. */
  class Mute extends Map<string, string> {
    #tell: (error: Error) => void = () => undefined;
    on(_event: string, listener: (error: Error) => void): this {
      this.#tell = listener;
      return this;
    }
    override get(): undefined {
      this.#tell(new Error("connection lost"));
      return undefined;
    }
  }

  it("an error that is told as an event is a failure, not an empty store", async () => {
    const store = kept(await keyvStoreOf(new Mute(), undefined, COOKIES));
    await expect(store.get("a")).rejects.toThrow("connection lost");
    await store.set("a", "text", LATER);
  });

  it("one that does not keep what it is told fails", async () => {
    const full = { get: () => undefined, set: () => false, delete: () => true, clear: () => undefined };
    const store = kept(await keyvStoreOf(full, undefined, COOKIES));
    await expect(store.set("a", "text", LATER)).rejects.toThrow("it did not keep what it was told");
  });

  it.each([[null], [5], [{}], [() => "text"], [{ get: () => 1, set: () => 1 }]])(
    "what is none is refused: %p",
    async (made) => {
      await expect(keyvStoreOf(made, undefined, COOKIES)).rejects.toThrow("its default export gave ");
    },
  );
});
