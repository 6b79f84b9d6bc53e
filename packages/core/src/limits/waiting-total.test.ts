import type { SlowClient } from "../contract/waiting-bytes.ts";
import { WaitingTotal } from "./waiting-total.ts";

let total: WaitingTotal;
let ended: string[];
let asked: number;
beforeEach(() => {
  total = new WaitingTotal({ now: { "max-buffered-total": 1000 } });
  ended = [];
  asked = 0;
});

class Client implements SlowClient {
  readonly #name: string;
  #waiting = 0;

  constructor(name: string) {
    this.#name = name;
  }

  get length(): number {
    asked++;
    return this.#waiting;
  }

  overflowed(): void {
    ended.push(this.#name);
    this.#waiting = 0;
  }

  gets(bytes: number): void {
    this.#waiting += bytes;
    total.grew(this);
  }

  reads(): void {
    this.#waiting = 0;
  }
}

it("ends the client with the most waiting bytes, and no other", () => {
  const [small, large, last] = [new Client("small"), new Client("large"), new Client("last")];
  small.gets(300);
  large.gets(600);
  last.gets(100);
  expect(ended).toEqual([]);
  last.gets(100);
  expect(ended).toEqual(["large"]);
  last.gets(500);
  expect(ended).toEqual(["large"]);
});

it("what has been read does not count", () => {
  const [one, other] = [new Client("one"), new Client("other")];
  one.gets(900);
  one.reads();
  other.gets(900);
  expect(ended).toEqual([]);
});

it("ends as many as it needs to", () => {
  const clients = ["a", "b", "c", "d"].map((name) => new Client(name));
  for (const client of clients) client.gets(240);
  clients[0]?.gets(1400);
  expect(ended).toEqual(["a"]);
  for (const client of clients.slice(1)) client.gets(200);
  expect(ended.length).toBe(2);
});

it("near the limit, a small message does not cost a look at every slow client", () => {
  const many = Array.from({ length: 90 }, (_, i) => new Client(`${i}`));
  for (const client of many) client.gets(11);
  const tiny = new Client("tiny");
  asked = 0;
  for (let i = 0; i < 100; i++) {
    tiny.gets(10);
    tiny.reads();
  }
  expect(ended).toEqual([]);
  expect(asked).toBeLessThan(100 + 90 * 20);
});

it("keeps no more than twice the clients that are slow now, however many were before them", () => {
  const slow = Array.from({ length: 10 }, (_, i) => new Client(`slow ${i}`));
  for (const client of slow) client.gets(1);
  for (let i = 0; i < 1000; i++) {
    const gone = new Client("gone");
    gone.gets(1);
    gone.reads();
  }
  expect(total.size).toBeLessThanOrEqual(65);
  expect(ended).toEqual([]);
});

it("forgets clients that have read all", () => {
  const gone = new Client("gone");
  gone.gets(990);
  gone.reads();
  new Client("next").gets(500);
  asked = 0;
  new Client("last").gets(600);
  expect(asked).toBeLessThan(5);
  expect(ended).toEqual(["last"]);
});
