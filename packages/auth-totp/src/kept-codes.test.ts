import { join } from "node:path";
import fc from "fast-check";
import type { SharedState } from "@wampgate/core";
import { CapturedLog } from "@wampgate/plugin-testkit";
import { BoundedStore, SharedStores, type Store, StoreFailure } from "@wampgate/store";
import { folderOf } from "../../../jest/folder.ts";
import { runs } from "../../../jest/runs.ts";
import { CODES } from "./kept-account.ts";
import { type Judgement, UsedCodes } from "./used-codes.ts";

// What is remembered of codes when the router starts again.

const TOLERANCE = { "max-failures": 3, "lock-time": 60, period: 30, window: 1 };

/** What one run of a router knows of spent codes. */
function sharedOfOneRun(): SharedState {
  const spent = new Map<string, number>();
  const listeners: ((value: unknown) => void)[] = [];
  return {
    announce: (_topic, value) => Promise.resolve(listeners.forEach((listener) => listener(value))),
    on: (_topic, listener) => void listeners.push(listener),
    spend(key, number) {
      if (number <= (spent.get(key) ?? -1)) return Promise.resolve(false);
      spent.set(key, number);
      return Promise.resolve(true);
    },
    canAgree: () => Promise.resolve(true),
  };
}

/** A router that starts again and again. */
class Router {
  readonly #filename: string;
  #used = new UsedCodes(sharedOfOneRun());
  #stores = new SharedStores(CODES, (store) => store);
  #store: BoundedStore | null = null;

  constructor(filename: string) {
    this.#filename = filename;
  }

  async judge(key: string, step: number | null): Promise<Judgement> {
    this.#store ??= await this.#open();
    return this.#used.judge(key, step, TOLERANCE, this.#store);
  }

  async restart(): Promise<void> {
    await this.#store?.close();
    this.#store = null;
    this.#stores = new SharedStores(CODES, (store) => store);
    this.#used = new UsedCodes(sharedOfOneRun());
    this.#used.listen();
  }

  async #open(): Promise<BoundedStore> {
    const files = { resolve: (path: string) => path, resolveModule: (name: string) => name };
    const settings = { type: "file", filename: this.#filename } as const;
    return (await this.#stores.take(settings, files, new CapturedLog())).store;
  }
}

async function started(): Promise<Router> {
  const router = new Router(join(await folderOf({}), "codes.sqlite"));
  await router.restart();
  return router;
}

it("no code is taken twice, nor after a later one, however often the router starts again", async () => {
  const folder = await folderOf({});
  let count = 0;
  const key = fc.constantFrom("joe", "ann");
  const action = fc.oneof(
    { weight: 4, arbitrary: fc.record({ key, steps: fc.array(fc.nat(6), { minLength: 1, maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ key, steps: fc.constant([null]) }) },
    { weight: 2, arbitrary: fc.constant("restart" as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
      const router = new Router(join(folder, `codes${++count}.sqlite`));
      await router.restart();
      const taken: Record<string, number[]> = { joe: [], ann: [] };
      for (const one of actions) {
        if (one === "restart") {
          await router.restart();
          continue;
        }
        // Several at the same moment.
        const judgements = await Promise.all(one.steps.map((step) => router.judge(one.key, step)));
        const right = one.steps.filter((step, i) => step !== null && judgements[i] === "right") as number[];
        taken[one.key]?.push(...right.sort((a, b) => a - b));
      }
      await router.restart();
      for (const steps of Object.values(taken)) {
        expect(steps).toEqual([...new Set(steps)]);
        expect(steps).toEqual([...steps].sort((a, b) => a - b));
      }
    }),
    runs(60),
  );
});

it("wrong codes count over a restart, and so does the lock", async () => {
  const router = await started();
  expect([await router.judge("joe", null), await router.judge("joe", null)]).toEqual(["wrong", "wrong"]);
  await router.restart();
  expect(await router.judge("joe", null)).toBe("locked");
  await router.restart();
  expect(await router.judge("joe", 7)).toBe("wrong");
  expect(await router.judge("ann", 7)).toBe("right");
  await router.restart();
});

it("a right code ends the count of wrong ones over a restart, too", async () => {
  const router = await started();
  await router.judge("joe", null);
  await router.judge("joe", null);
  expect(await router.judge("joe", 7)).toBe("right");
  await router.restart();
  expect([await router.judge("joe", 7), await router.judge("joe", null)]).toEqual(["used", "wrong"]);
  await router.restart();
});

describe("a store that does not keep what it is told", () => {
  function withStore(store: Partial<Store>) {
    const log = new CapturedLog();
    const data = new Map<string, string>();
    const whole: Store = {
      get: (key) => data.get(key),
      set: (key, text) => void data.set(key, text),
      delete: (key) => void data.delete(key),
      close: () => undefined,
      ...store,
    };
    const bounded = new BoundedStore(whole, { name: "module ./codes.mjs", ...CODES }, log, 20);
    const used = new UsedCodes(sharedOfOneRun());
    used.listen();
    return { log, data, whole, judge: (step: number | null) => used.judge("joe", step, TOLERANCE, bounded) };
  }

  it.each<[string, Partial<Store>]>([
    ["fails to read", { get: () => Promise.reject(new Error("no connection")) }],
    ["fails to write", { set: () => Promise.reject(new Error("read only")) }],
    ["hangs at reading", { get: () => new Promise(() => undefined) }],
    ["gives what is no account", { get: () => '{"version":1,"step":"7"}' }],
    ["gives no JSON", { get: () => "{" }],
  ])("and %s lets no client in, says so by its name, and does when it is well again", async (_what, ill) => {
    const { judge, whole, log } = withStore({});
    const well = { ...whole };
    Object.assign(whole, ill);
    await expect(judge(7)).rejects.toThrow(StoreFailure);
    await expect(judge(null)).rejects.toThrow(StoreFailure);
    expect(log.lines[0]).toMatchObject({
      fields: { store: "module ./codes.mjs" },
      message: "the store of codes failed: no client is let in by a code meanwhile",
    });
    Object.assign(whole, well);
    expect(await judge(8)).toBe("right");
    expect(await judge(8)).toBe("used");
  });

  it("and hangs at writing for good is given up after a while, so that the next login is kept", async () => {
    let isHanging = true;
    const { judge, whole } = withStore({});
    const well = { ...whole };
    Object.assign(whole, {
      set: (...args: Parameters<Store["set"]>) => (isHanging ? new Promise(() => undefined) : well.set(...args)),
    });
    await expect(judge(7)).rejects.toThrow(StoreFailure);
    isHanging = false;
    for (let step = 8; ; step++) {
      const judgement = await judge(step).catch(() => null);
      if (judgement === "right") break;
      expect(step).toBeLessThan(200);
    }
  });

  it("is asked and told the same for each code, so that its time tells nothing", async () => {
    const asked: string[] = [];
    const { judge, whole } = withStore({});
    const well = { ...whole };
    Object.assign(whole, {
      get: (key: string) => (asked.push("get"), well.get(key)),
      set: (...args: Parameters<Store["set"]>) => (asked.push("set"), well.set(...args)),
    });
    const judgements = [];
    for (const step of [7, 7, null, null, null, 8]) judgements.push(await judge(step));
    expect(judgements).toEqual(["right", "used", "wrong", "wrong", "locked", "wrong"]);
    expect(asked).toEqual(Array(6).fill(["get", "set"]).flat());
  });
});
