import { setImmediate } from "node:timers/promises";
import type { Arbiter, Entry } from "@wampgate/cluster";
import fc from "fast-check";
import { runs } from "../../../../jest/runs.ts";
import { NameTaken, OwnName } from "./own-name.ts";

const TAKEN = /^the cluster "shop" has a node "a" already, the process .* and this is the process \d+ on /;

/** How many turns of the event loop each thing takes. */
const someTurns = fc.infiniteStream(fc.nat({ max: 7 }));
let takes: Iterator<number>;

async function turns(): Promise<void> {
  for (let left = takes.next().value as number; left > 0; left--) await setImmediate();
}

/** An arbiter that answers late, and may be made to lose an answer: then it does what was asked, and what asks tries it again. */
class SlowArbiter implements Arbiter {
  entry: Entry | null = null;
  losesAnswers = false;
  #revision = 0;

  create(_key: string, value: string): Promise<number | null> {
    return this.#change(() => this.entry === null, value);
  }

  update(_key: string, value: string, revision: number): Promise<number | null> {
    return this.#change(() => this.entry?.revision === revision, value);
  }

  async delete(_key: string, revision: number): Promise<boolean> {
    await turns();
    if (this.entry?.revision !== revision) return false;
    this.entry = null;
    return true;
  }

  async get(): Promise<Entry | null> {
    await turns();
    const { entry } = this;
    await turns();
    return entry;
  }

  keys(): Promise<readonly string[]> {
    return Promise.resolve(this.entry === null ? [] : ["name.a"]);
  }

  /** What a process has left here. */
  put(value: string): void {
    this.entry = { value, revision: ++this.#revision };
  }

  async #change(mayBe: () => boolean, value: string): Promise<number | null> {
    await turns();
    const isDone = mayBe();
    if (isDone) this.put(value);
    const revision = isDone && !this.losesAnswers ? this.#revision : null;
    await turns();
    return revision;
  }
}

let arbiter: SlowArbiter;
/** The processes that listen by the name. */
let listening: string[];
const { signal } = new AbortController();
function begin(stream: Iterator<number>): void {
  takes = stream;
  arbiter = new SlowArbiter();
  listening = [];
}
beforeEach(() => begin(fc.sample(someTurns, 1)[0] as Iterator<number>));

/** Starts a process, which listens by the name once it may. */
async function start(place: string): Promise<OwnName> {
  const ask = async (): Promise<string | null> => {
    await turns();
    const [first] = listening;
    await turns();
    return first === undefined ? null : `process ${first}`;
  };
  const name = new OwnName({ cluster: "shop", node: "a", arbiter, ask, signal });
  await name.claim();
  await turns();
  listening.push(place);
  await name.confirm();
  return name;
}

/** Starts three processes in one moment. @returns how those ended that did not start */
async function startThree(): Promise<unknown[]> {
  const ends = await Promise.allSettled(["one", "two", "three"].map((place) => start(place)));
  return ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : []));
}

it.each<[string, () => void]>([
  ["that no process had", () => undefined],
  ["whose last process was killed", () => arbiter.put("running and killed")],
])("of three processes that start in one moment by a name %s one starts", async (_what, before) => {
  const property = fc.asyncProperty(someTurns, async (stream) => {
    begin(stream);
    before();
    const refused = await startThree();
    expect(listening).toHaveLength(1);
    expect(refused).toHaveLength(2);
    for (const error of refused) expect((error as Error).message).toMatch(TAKEN);
  });
  await fc.assert(property, runs(50));
});

it("a process that runs is told from one that was killed, also where the arbiter has lost its claim", async () => {
  await start("one");
  await expect(start("two")).rejects.toThrow("the process one, and this is");
  arbiter.entry = null;
  await expect(start("two")).rejects.toThrow("the process one, and this is");
  listening = [];
  await start("two");
  expect(listening).toEqual(["two"]);
});

it("a process that ended before it listened keeps the name for two seconds", async () => {
  arbiter.put("starting and killed");
  const from = performance.now();
  await start("one");
  expect(performance.now() - from).toBeGreaterThan(1900);
});

it("a process whose claim was taken over before it listened does not start", async () => {
  const ask = (): Promise<null> => Promise.resolve(null);
  const name = new OwnName({ cluster: "shop", node: "a", arbiter, ask, signal });
  await name.claim();
  arbiter.put("running elsewhere");
  await expect(name.confirm()).rejects.toThrow("already, the process that has just claimed the name, and this is");
  await name.release();
  expect(arbiter.entry?.value).toBe("running elsewhere");
});

it("a claim whose answer was lost is the process's own, and given back when it ends", async () => {
  arbiter.losesAnswers = true;
  const name = await start("one");
  expect(arbiter.entry?.value).toMatch(/^running /);
  await name.release();
  expect(arbiter.entry).toBeNull();
});

it("a process goes on if the arbiter loses its claim while it starts", async () => {
  const name = new OwnName({ cluster: "shop", node: "a", arbiter, ask: () => Promise.resolve(null), signal });
  await name.claim();
  arbiter.entry = null;
  await name.confirm();
  await name.release();
  expect(arbiter.entry).toBeNull();
});

it("a process that is always overtaken gives up with a sentence", async () => {
  const name = new OwnName({
    cluster: "shop",
    node: "a",
    arbiter,
    ask: () => {
      arbiter.put("running and killed");
      return Promise.resolve(null);
    },
    signal,
  });
  await expect(name.claim()).rejects.toThrow(TAKEN);
});

describe("a process that was cut off", () => {
  const kept = (name: OwnName): Promise<string> =>
    name.keep().then(
      () => "kept",
      (error: unknown) => (error instanceof NameTaken ? error.message : String(error)),
    );

  it("keeps its name if no other one has claimed it", async () => {
    const name = await start("one");
    const { revision } = arbiter.entry as Entry;
    expect(await kept(name)).toBe("kept");
    expect(arbiter.entry?.revision).toBe(revision);
  });

  it("claims its name again if the arbiter has lost all that it had", async () => {
    const name = await start("one");
    arbiter.entry = null;
    expect(await kept(name)).toBe("kept");
    expect(arbiter.entry).toMatchObject({ value: expect.stringMatching(/^running /) as string });
    await name.release();
    expect(arbiter.entry).toBeNull();
  });

  it("claims its name again if the other one was killed meanwhile", async () => {
    const name = await start("one");
    const before = arbiter.entry?.value;
    arbiter.put("running and killed");
    listening = [];
    expect(await kept(name)).toBe("kept");
    expect(arbiter.entry?.value).toBe(before);
  });

  it("has lost its name if another process has it, and its end does not free it", async () => {
    const name = await start("one");
    listening = [];
    await start("two");
    expect(await kept(name)).toMatch(
      /^the cluster "shop" has a node "a" already, the process two, and this is the process /,
    );
    await name.release();
    expect(arbiter.entry?.value).toMatch(/^running /);
  });

  it("loses its name to one other at most: of two that the arbiter has forgotten one keeps it", async () => {
    const property = fc.asyncProperty(someTurns, async (stream) => {
      begin(stream);
      const one = await start("one");
      arbiter.entry = null;
      listening = [];
      const two = await start("two");
      arbiter.entry = null;
      // Whoever of the two has lost its name asks the other one.
      const ends = await Promise.all([kept(one), kept(two)]);
      expect(ends.sort()).toEqual(["kept", expect.stringMatching(TAKEN)]);
    });
    await fc.assert(property, runs(50));
  });
});
