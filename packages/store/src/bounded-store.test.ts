import { CapturedLog } from "@wampgate/plugin-testkit";
import { BoundedStore, StoreFailure } from "./bounded-store.ts";
import type { Store } from "./store.ts";

const SLOW = { name: "slow", what: "cookies", meanwhile: "clients log in without them meanwhile" };

/** A store whose writes wait until they are told to go on, and what has happened to it. */
function slow() {
  const happened: string[] = [];
  const goOn: (() => void)[] = [];
  const store: Store = {
    get(key) {
      happened.push(`get ${key}`);
      return `text of ${key}`;
    },
    set(key, text) {
      happened.push(`set ${key} ${text}`);
      return new Promise((resolve) => goOn.push(resolve));
    },
    delete: (key) => void happened.push(`delete ${key}`),
    close: () => void happened.push("closed"),
  };
  return { store, happened, goOn };
}

const failing = (problem: string): Store => ({
  get: () => Promise.reject(new Error(problem)),
  set() {
    throw new Error(problem);
  },
  delete: () => undefined,
  close: () => undefined,
});

const log = new CapturedLog();

it("what is asked about one key comes one after the other, and about others at once", async () => {
  const { store, happened, goOn } = slow();
  const bounded = new BoundedStore(store, SLOW, log);
  const set = bounded.set("a", "1", 1, "joe");
  const [deleted, read] = [bounded.delete("a"), bounded.get("a")];
  expect(await bounded.get("b")).toBe("text of b");
  expect(happened).toEqual(["set a 1", "get b"]);
  goOn[0]?.();
  await Promise.all([set, deleted, read]);
  expect(happened.slice(2)).toEqual(["delete a", "get a"]);
});

it("a write that is late fails in time, and a deletion still comes after it", async () => {
  const { store, happened, goOn } = slow();
  const bounded = new BoundedStore(store, SLOW, log, 20);
  await expect(bounded.set("a", "1", 1, "joe")).rejects.toThrow(StoreFailure);
  await expect(bounded.delete("a")).rejects.toThrow(StoreFailure);
  expect(happened).toEqual(["set a 1"]);
  goOn[0]?.();
  expect(await bounded.get("a")).toBe("text of a");
  expect(happened).toEqual(["set a 1", "delete a", "get a"]);
});

it("what fails is logged with the name of the store, once in a while", async () => {
  const own = new CapturedLog();
  const bounded = new BoundedStore(failing("disk full"), { ...SLOW, name: "file cookies.sqlite" }, own);
  await expect(bounded.get("a")).rejects.toThrow("the store of cookies failed");
  await expect(bounded.set("a", "1", 1, "joe")).rejects.toThrow("the store of cookies failed");
  expect(own.lines).toEqual([
    {
      level: "error",
      fields: { store: "file cookies.sqlite", problem: "disk full" },
      message: "the store of cookies failed: clients log in without them meanwhile",
    },
  ]);
});

it("of a store that never answers no more is asked than it may owe", async () => {
  const { store, goOn } = slow();
  const own = new CapturedLog();
  const bounded = new BoundedStore(store, SLOW, own);
  const asked = Array.from({ length: 1000 }, (_, i) => bounded.set(`key${i}`, "1", 1, "joe"));
  await expect(bounded.get("more")).rejects.toThrow(StoreFailure);
  expect(own.text()).toContain("1000 questions wait for its answers");
  await Promise.resolve(); // each question is asked in a turn of its own
  for (const each of goOn) each();
  await Promise.all(asked);
  expect(await bounded.get("more")).toBe("text of more");
});

it("a write that never ends holds up what is asked about its key only for a while", async () => {
  const { store, goOn } = slow();
  const bounded = new BoundedStore(store, SLOW, log, 5);
  await expect(bounded.set("a", "1", 1, "joe")).rejects.toThrow(StoreFailure);
  let late = 0;
  while ((await bounded.get("a").catch(() => null)) === null) late++;
  expect(late).toBeGreaterThan(0);
  expect(goOn).toHaveLength(1);
});

it("before it closes it has its answers, if they come in time", async () => {
  const { store, happened, goOn } = slow();
  const bounded = new BoundedStore(store, SLOW, log, 20);
  const set = bounded.set("a", "1", 1, "joe").catch(() => undefined);
  const closed = bounded.close();
  await Promise.resolve();
  goOn[0]?.();
  await closed;
  expect(happened).toEqual(["set a 1", "closed"]);
  const late = bounded.set("b", "1", 1, "joe").catch(() => undefined);
  await bounded.close();
  expect(happened.at(-1)).toBe("closed");
  await Promise.all([set, late]);
});
