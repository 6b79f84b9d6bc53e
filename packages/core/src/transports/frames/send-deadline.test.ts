import { jest } from "@jest/globals";
import { Duplex } from "node:stream";
import { SendDeadline } from "./send-deadline.ts";

/** A socket whose client takes as much as the test says. A write ends only when all of it is taken. */
class Socket extends Duplex {
  bytesWritten = 0;
  readonly _handle = { writeQueueSize: 0 };
  #done: (() => void) | null = null;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.bytesWritten += chunk.length;
    this._handle.writeQueueSize = chunk.length;
    this.#done = done;
  }
  override _read(): void {}

  taken(bytes: number): void {
    this._handle.writeQueueSize = Math.max(0, this._handle.writeQueueSize - bytes);
    if (this._handle.writeQueueSize > 0) return;
    this.#done?.();
  }
}

const TIMEOUT = 1000;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** Lets the time pass, and the event loop run. */
function pass(): void {
  jest.advanceTimersByTime(TIMEOUT + 1);
}

function waiting(bytes: number): { socket: Socket; deadline: SendDeadline; missed: ReturnType<typeof jest.fn> } {
  const socket = new Socket();
  const missed = jest.fn();
  const deadline = new SendDeadline(socket, TIMEOUT, missed);
  socket.write(Buffer.alloc(bytes));
  deadline.watch();
  return { socket, deadline, missed };
}

it("a client that takes nothing is reported once, when its time is up", () => {
  const { missed } = waiting(1000);
  jest.advanceTimersByTime(TIMEOUT - 1);
  expect(missed).not.toHaveBeenCalled();
  pass();
  pass();
  expect(missed).toHaveBeenCalledTimes(1);
});

it("a client that takes a little of one large write each time stays connected, however slow it is", () => {
  const { socket, missed } = waiting(1000);
  for (let i = 0; i < 20; i++) {
    socket.taken(10);
    pass();
  }
  expect(missed).not.toHaveBeenCalled();
  pass();
  expect(missed).toHaveBeenCalledTimes(1);
});

it("a client that has taken all is not watched until something waits for it again", () => {
  const { socket, deadline, missed } = waiting(1000);
  socket.taken(1000);
  pass();
  pass();
  expect(missed).not.toHaveBeenCalled();
  socket.write(Buffer.alloc(1000));
  deadline.watch();
  pass();
  expect(missed).toHaveBeenCalledTimes(1);
});

it("a process that was suspended first writes what could have left before", () => {
  const { socket, missed } = waiting(1000);
  jest.advanceTimersToNextTimer(); // the time is up, and now the event loop comes to its sockets
  socket.taken(500);
  jest.advanceTimersByTime(1);
  expect(missed).not.toHaveBeenCalled();
});
