import type { SessionPort } from "../contract/session-port.ts";
import { ByteBudget, type KeptEvent } from "./byte-budget.ts";
import { Member } from "./member.ts";
import type { RealmOptions } from "./settings.ts";

const settings = { now: { "max-bytes-per-session": 1000, "max-bytes": 3000 } as RealmOptions };
const client = (service = false): Member => new Member({ service } as SessionPort, null);

let budget: ByteBudget;
let dropped: string[];
beforeEach(() => {
  settings.now = { ...settings.now, "max-bytes": 3000 };
  budget = new ByteBudget(settings);
  dropped = [];
});
const event = (name: string, bytes: number): KeptEvent => ({ bytes, drop: () => dropped.push(name) });

it("a session has room up to its limit, and again for what it gives back", () => {
  const one = client();
  budget.take(one, 900);
  expect(() => budget.take(one, 101)).toThrow("a session may hold 1000 bytes at most");
  budget.give(one, 500);
  budget.take(one, 600);
  expect(budget.total).toBe(1000);
});

it("all sessions together have room up to the realm's limit, and again when one has left", () => {
  const sessions = [client(), client(), client()];
  for (const session of sessions) budget.take(session, 1000);
  expect(() => budget.take(client(), 1)).toThrow("the realm holds as many bytes as it may");
  budget.leave(sessions[0] as Member);
  budget.give(sessions[0] as Member, 1000); // what is removed late counts once
  budget.take(client(), 1000);
  expect(budget.total).toBe(3000);
});

it("the router's own session has no limit, and is not counted", () => {
  budget.take(client(true), 1_000_000);
  expect(budget.total).toBe(0);
});

it("kept events give way to sessions and to newer events, the oldest first", () => {
  expect(budget.keep(event("a", 1000))).toBe(true);
  expect(budget.keep(event("b", 1000))).toBe(true);
  expect(budget.keep(event("c", 1000))).toBe(true);
  budget.take(client(), 500);
  expect(dropped).toEqual(["a"]);
  expect(budget.keep(event("d", 1500))).toBe(true);
  expect(dropped).toEqual(["a", "b"]);
  expect(budget.total).toBe(3000);
});

it("an event that has no room even alone is not kept, and costs no other", () => {
  budget.keep(event("a", 1000));
  budget.take(client(), 1000);
  expect(budget.keep(event("long", 2001))).toBe(false);
  expect(dropped).toEqual([]);
});

it("a lower limit forgets events, and takes nothing from sessions", () => {
  const kept = event("a", 500);
  budget.keep(kept);
  budget.take(client(), 1000);
  settings.now = { ...settings.now, "max-bytes": 1000 };
  budget.settingsChanged();
  expect(dropped).toEqual(["a"]);
  budget.forget(kept);
  expect(budget.total).toBe(1000);
});
