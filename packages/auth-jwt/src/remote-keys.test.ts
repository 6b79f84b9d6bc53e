import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { CapturedLog } from "@wampgate/plugin-testkit";
import type { JSONWebKeySet } from "jose";
import { fetchKeys } from "./fetch-keys.ts";
import { NoKeys } from "./public-keys.ts";
import { RemoteKeys } from "./remote-keys.ts";
import { SharedKeys } from "./shared-keys.ts";

const { publicKey } = generateKeyPairSync("ed25519");
const SET: JSONWebKeySet = { keys: [publicKey.export({ format: "jwk" })] };
const URL = "https://id.example.com/keys?secret=1";

/** Keys whose clock and server a test moves. */
function keysWith(keeping: Partial<{ cache: number; stale: number; cooldown: number }> = {}) {
  const world = { seconds: 0, asked: 0, isDown: false, hangs: null as Promise<JSONWebKeySet> | null };
  const log = new CapturedLog();
  const fetch = (): Promise<JSONWebKeySet> => {
    world.asked++;
    if (world.hangs !== null) return world.hangs;
    return world.isDown ? Promise.reject(new NoKeys("it is down")) : Promise.resolve(SET);
  };
  const settings = { cache: 600, stale: 86_400, cooldown: 30, ...keeping };
  const keys = new RemoteKeys(URL, settings, log, { fetch, now: () => world.seconds * 1000 });
  return { keys, world, log };
}

it("keys are used for cache seconds, and then fetched again", async () => {
  const { keys, world } = keysWith();
  const set = await keys.current();
  world.seconds = 599;
  expect(await keys.current()).toBe(set);
  expect(world.asked).toBe(1);
  world.seconds = 600;
  expect(await keys.current()).not.toBe(set);
  expect(world.asked).toBe(2);
});

it("a server that is down is asked once in each cooldown, and its old keys serve for stale seconds", async () => {
  const { keys, world, log } = keysWith({ stale: 700 });
  const set = await keys.current();
  world.isDown = true;
  for (world.seconds = 600; world.seconds < 630; world.seconds += 10) expect(await keys.current()).toBe(set);
  expect(world.asked).toBe(2);
  world.seconds = 700;
  await expect(keys.current()).rejects.toThrow(new NoKeys("it is down"));
  await expect(keys.current()).rejects.toThrow(new NoKeys("it is down"));
  expect(world.asked).toBe(3);
  expect(log.lines).toHaveLength(2);
  world.isDown = false;
  world.seconds = 730;
  await keys.current();
  expect(log.lines.at(-1)).toMatchObject({ level: "info", fields: { url: "https://id.example.com/keys" } });
});

it("while a server fails, no login waits to see it fail again: the old keys serve at once, and new ones when they are there", async () => {
  const { keys, world } = keysWith();
  const set = await keys.current();
  world.isDown = true;
  world.seconds = 600;
  expect(await keys.current()).toBe(set);
  let answer: (set: JSONWebKeySet) => void = () => undefined;
  world.hangs = new Promise((resolve) => (answer = resolve));
  world.seconds = 630;
  expect(await keys.current()).toBe(set);
  expect(world.asked).toBe(3);
  answer(SET);
  await world.hangs;
  expect(await keys.current()).not.toBe(set);
});

it("newer keys are fetched where none fits, but not within the cooldown, and not twice for the same lack", async () => {
  const { keys, world } = keysWith();
  const set = await keys.current();
  expect(await keys.newer(set)).toBeNull();
  world.seconds = 30;
  const [one, other] = await Promise.all([keys.newer(set), keys.newer(set)]);
  expect(world.asked).toBe(2);
  expect(one).not.toBe(set);
  expect(other).toBe(one);
  expect(await keys.newer(set)).toBe(one);
});

it("the log shows no query of a URL, and nothing of a fetch that was ended", async () => {
  const log = new CapturedLog();
  const keys = new RemoteKeys(URL, { cache: 1, stale: 1, cooldown: 0 }, log, {
    fetch: (_url, signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("ended")))),
  });
  const waiting = keys.current();
  keys.end();
  await expect(waiting).rejects.toThrow(NoKeys);
  expect(log.lines).toEqual([]);
});

it("blocks with the same URL and times share their keys till the last one gives them back", () => {
  const shared = new SharedKeys();
  const log = new CapturedLog();
  const times = { cache: 1, stale: 1, cooldown: 1 };
  const [one, two, other] = [times, times, { ...times, cache: 2 }].map((keeping) => shared.take(URL, keeping, log));
  expect(two?.keys).toBe(one?.keys);
  expect(other?.keys).not.toBe(one?.keys);
  one?.giveBack();
  expect(shared.take(URL, times, log).keys).toBe(two?.keys);
  two?.giveBack();
  two?.giveBack();
  expect(shared.take(URL, times, log).keys).not.toBe(one?.keys);
});

it("a fetch ends in time, whether the server says nothing or sends byte by byte", async () => {
  let isSilent = true;
  const server = createServer((_request, response) => {
    if (!isSilent) response.writeHead(200).write("{");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { signal } = new AbortController();
  try {
    await expect(fetchKeys(url, signal, 30)).rejects.toThrow(new NoKeys("no answer within 30 ms"));
    isSilent = false;
    await expect(fetchKeys(url, signal, 30)).rejects.toThrow(new NoKeys("no answer within 30 ms"));
    await expect(fetchKeys(url, AbortSignal.abort(new Error("left")), 30)).rejects.toThrow("left");
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
