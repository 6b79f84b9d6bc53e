import { jest } from "@jest/globals";
import type { Connection, ConnectionHandler } from "../contract/connection.ts";
import type { Message } from "../wamp/messages.ts";
import { protocolViolation } from "../errors/wamp-error.ts";
import { throttled } from "./throttle.ts";

const MESSAGE = { type: "GOODBYE", details: {}, reason: "wamp.close.normal" } as unknown as Message;

/** A connection of at most two messages a second, and its session; `told` is what each side was told. */
function connection(backlog?: number) {
  const told: unknown[] = [];
  const tell =
    (what: string) =>
    (...args: unknown[]): void =>
      void told.push(args.length === 0 ? what : [what, ...args]);
  const client = { details: { type: "memory" }, backlog, ...tellers("send", "close", "pause", "resume") };
  let throttle: Connection | undefined;
  const handler = throttled((given) => {
    throttle = given;
    return tellers("message", "violation", "limited", "closed") as unknown as ConnectionHandler;
  }, 2)(client as unknown as Connection);
  function tellers(...names: string[]): object {
    return Object.fromEntries(names.map((name) => [name, tell(name)]));
  }
  return { told, handler, throttle: throttle as Connection };
}

const SLOWED = [
  "limited",
  "max-messages-per-second",
  "a client sends more than 2 messages a second, and is slowed down",
];
const CAME = ["message", MESSAGE];

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

it("a client that sends too much is read no further for a while, nothing is lost, and the log hears of it once", () => {
  const { told, handler } = connection();
  handler.message(MESSAGE);
  expect(told).toEqual([CAME]);
  handler.message(MESSAGE);
  handler.message(MESSAGE); // was on its way already
  expect(told.splice(0)).toEqual([CAME, "pause", SLOWED, CAME, CAME]);
  jest.advanceTimersByTime(500);
  expect(told.splice(0)).toEqual(["resume"]);
  handler.message(MESSAGE);
  expect(told.splice(0)).toEqual(["pause", CAME]);
});

it("a client that was silent for a while may send as much again at once, and the log says so again if it sends more", () => {
  const { told, handler } = connection();
  handler.message(MESSAGE);
  handler.message(MESSAGE);
  jest.advanceTimersByTime(10_000);
  told.length = 0;
  for (let i = 0; i < 3; i++) handler.message(MESSAGE);
  expect(told).toEqual([CAME, CAME, "pause", SLOWED, CAME]);
});

it("a connection that its session wants paused stays so when the time is up, and the other way round", () => {
  const { told, handler, throttle } = connection();
  handler.message(MESSAGE);
  handler.message(MESSAGE);
  throttle.pause();
  told.length = 0;
  jest.advanceTimersByTime(10_000);
  expect(told).toEqual([]);
  throttle.resume();
  expect(told.splice(0)).toEqual(["resume"]);
  for (let i = 0; i < 3; i++) handler.message(MESSAGE);
  throttle.pause();
  told.length = 0;
  throttle.resume();
  expect(told).toEqual([]);
  jest.advanceTimersByTime(10_000);
  expect(told).toEqual(["resume"]);
});

it("a connection that has gone is not read again", () => {
  const { told, handler } = connection();
  handler.message(MESSAGE);
  handler.message(MESSAGE);
  told.length = 0;
  handler.closed();
  jest.advanceTimersByTime(10_000);
  expect(told).toEqual(["closed"]);
});

it("all else passes between a connection and its session as if nothing stood there", () => {
  const { told, handler, throttle } = connection(0.5);
  const error = protocolViolation("no message");
  expect([throttle.details.type, throttle.backlog, connection().throttle.backlog]).toEqual(["memory", 0.5, 0]);
  throttle.send(MESSAGE);
  handler.violation(error);
  handler.limited("max-depth", "too deep");
  throttle.close("no message");
  expect(told).toEqual([
    ["send", MESSAGE],
    ["violation", error],
    ["limited", "max-depth", "too deep"],
    ["close", "no message"],
  ]);
});
