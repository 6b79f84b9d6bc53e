import type { ClaimWish } from "@wampgate/core";
import { Bucket } from "../bucket.ts";
import { Claims, type KnownNodes } from "./claims.ts";
import type { Holder } from "./held.ts";

const WISH: ClaimWish = { match: "exact", uri: "com.example.sum", invoke: "single" };
const SHARED: ClaimWish = { ...WISH, invoke: "roundrobin" };
const REALM = "realm1";

/** The claims of one node, at an arbiter that all nodes of a test share. */
class Node {
  readonly self: Holder;
  readonly lost: number[] = [];
  readonly tookFrom: Holder[] = [];
  readonly gone = new Set<string>();
  readonly claims: Claims;

  constructor(name: string, arbiter: Bucket) {
    this.self = { node: name, incarnation: `${name}1` };
    const known: KnownNodes = {
      self: this.self,
      patience: 0,
      stateOf: (node) => (this.gone.has(node) ? "gone" : "here"),
      isDraining: () => false,
      tookFrom: (node, incarnation) => void this.tookFrom.push({ node, incarnation }),
    };
    this.claims = new Claims(
      arbiter,
      known,
      (_, registration) => void this.lost.push(registration),
      (error) => {
        throw error;
      },
    );
  }
}

/** An arbiter whose next answer to `create` comes when the test lets it. */
class SlowBucket extends Bucket {
  holdsNext = false;
  letGo = (): void => undefined;

  override async create(key: string, value: string): Promise<number | null> {
    const isHeld = this.holdsNext;
    this.holdsNext = false;
    const created = await super.create(key, value);
    if (isHeld) await new Promise<void>((resolve) => (this.letGo = resolve));
    return created;
  }
}

let arbiter: SlowBucket;
let [a, b]: [Node, Node] = [] as never;
beforeEach(() => {
  arbiter = new SlowBucket();
  [a, b] = [new Node("a", arbiter), new Node("b", arbiter)];
});

it("a claim whose answer is on its way when claims are looked at again is looked at, too", async () => {
  arbiter.holdsNext = true;
  const claimed = a.claims.claim(REALM, WISH);
  b.gone.add("a");
  const taken = await b.claims.claim(REALM, WISH);
  expect(taken?.isNew).toBe(true);
  a.claims.recheck();
  arbiter.letGo();
  const claim = await claimed;
  await a.claims.settled();
  expect(a.lost).toEqual([claim?.registration]);
});

it.each([
  ["claims a procedure", WISH],
  ["shares a procedure", SHARED],
])("a node that %s tells of each holder that it takes out as gone", async (_, wish) => {
  await a.claims.claim(REALM, wish);
  b.gone.add("a");
  await b.claims.claim(REALM, wish);
  expect(b.tookFrom).toEqual([a.self]);
});

it("a node that gives a procedure back tells of each holder that it takes out as gone", async () => {
  await a.claims.claim(REALM, SHARED);
  const claim = await b.claims.claim(REALM, SHARED);
  b.gone.add("a");
  expect(await b.claims.release(REALM, SHARED, claim?.registration ?? 0)).toBe(true);
  expect(b.tookFrom).toEqual([a.self]);
  a.claims.recheck();
  await a.claims.settled();
  expect(a.lost).toEqual([]);
  b.gone.delete("a");
  expect(await b.claims.claim(REALM, WISH)).toBeNull();
});

it("a claim that was lost is not given back in place of a later one", async () => {
  const first = await a.claims.claim(REALM, WISH);
  b.gone.add("a");
  const taken = await b.claims.claim(REALM, WISH);
  a.claims.recheck();
  await a.claims.settled();
  expect(a.lost).toEqual([first?.registration]);
  await b.claims.release(REALM, WISH, taken?.registration ?? 0);
  const second = await a.claims.claim(REALM, WISH);
  expect(await a.claims.release(REALM, WISH, first?.registration ?? 0)).toBe(false);
  expect(await b.claims.claim(REALM, WISH).then((claim) => claim?.registration !== second?.registration)).toBe(true);
});
