import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { folderOf } from "../../../../jest/folder.ts";
import { LogStream } from "./log-stream.ts";

const folder = await folderOf();
let made = 0;

/** Both ends of a pipe. */
function pipe(): { reader: number; writer: number } {
  const path = join(folder, `pipe${++made}`);
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, writer: openSync(path, "w") };
}

/** Reads what is in a pipe. */
function read(reader: number): string {
  const bytes = Buffer.alloc(1024 * 1024);
  let text = "";
  for (;;) {
    try {
      const count = readSync(reader, bytes);
      if (count === 0) return text;
      text += bytes.toString("utf8", 0, count);
    } catch (error) {
      expect(error).toMatchObject({ code: "EAGAIN" });
      return text;
    }
  }
}

/** Reads until the stream is empty. */
function readAll(stream: LogStream, reader: number): string {
  let text = read(reader);
  for (let i = 0; i < 1000 && !stream.flush(); i++) text += read(reader);
  return text + read(reader);
}

const line = (i: number): string => `${String(i).padStart(6, "0")} ${"x".repeat(990)}\n`;
const numbersIn = (text: string): number[] =>
  text
    .split("\n")
    .filter(Boolean)
    .map((entry) => Number(entry.slice(0, 6)));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe("a log stream", () => {
  it("writes at once if its reader has room", () => {
    const { reader, writer } = pipe();
    const stream = new LogStream(writer);
    for (let i = 0; i < 10; i++) stream.write(line(i));
    expect(stream.waiting).toBe(0);
    expect(numbersIn(read(reader))).toEqual(upTo(10));
  });

  it("keeps lines that a slow reader has no room for, in order and whole", () => {
    const { reader, writer } = pipe();
    const stream = new LogStream(writer);
    for (let i = 0; i < 1000; i++) stream.write(line(i));
    expect(stream.waiting).toBeGreaterThan(900 * 998 - 128 * 1024);
    expect(numbersIn(readAll(stream, reader))).toEqual(upTo(1000));
    expect(stream.waiting).toBe(0);
  });

  it("drops lines beyond its limit, counts them at once, and writes how many as soon as there is room", () => {
    const { reader, writer } = pipe();
    const stream = new LogStream(writer);
    stream.limit = 100_000;
    const [counted, told]: [number[], number[]] = [[], []];
    stream.onLoss((lines) => counted.push(lines));
    stream.tell = (lines) => {
      told.push(lines);
      stream.write(`dropped ${lines}\n`);
    };
    for (let i = 0; i < 1000; i++) stream.write(line(i));
    const lost = counted.reduce((sum, lines) => sum + lines, 0);
    expect(stream.waiting).toBeLessThanOrEqual(100_000);
    expect(told).toEqual([]);
    const kept = numbersIn(readAll(stream, reader));
    expect(kept).toEqual(upTo(1000 - lost));
    stream.write(line(1000));
    expect(read(reader)).toBe(`${line(1000)}dropped ${lost}\n`);
    expect(told).toEqual([lost]);
  });

  it("goes on when its reader is gone, and writes again to a new one", () => {
    const { reader, writer } = pipe();
    const stream = new LogStream(writer);
    let lost = 0;
    stream.onLoss((lines) => (lost += lines));
    for (let i = 0; i < 200; i++) stream.write(line(i));
    closeSync(reader);
    expect(stream.flush()).toBe(true);
    stream.write(line(200));
    expect(stream.waiting).toBe(0);
    expect(lost).toBeGreaterThan(50);
    const again = openSync(join(folder, `pipe${made}`), constants.O_RDONLY | constants.O_NONBLOCK);
    stream.write(line(201));
    expect(numbersIn(readAll(stream, again)).at(-1)).toBe(201);
  });

  it("works with a pipe that never had a reader", () => {
    const { reader, writer } = pipe();
    closeSync(reader);
    const stream = new LogStream(writer);
    stream.write(line(1));
    expect(stream.waiting).toBe(0);
  });

  it("writes the rest at the end, within the time limit", () => {
    const { reader, writer } = pipe();
    const stream = new LogStream(writer);
    for (let i = 0; i < 200; i++) stream.write(line(i));
    stream.flushUntil(performance.now());
    expect(stream.waiting).toBeGreaterThan(0);
    read(reader);
    stream.flushUntil(performance.now());
    expect(numbersIn(read(reader)).length).toBeGreaterThan(50);
  });

  it("writes lines that come soon after each other together, in pieces that a pipe does not mix with others", () => {
    jest.useFakeTimers();
    const { reader, writer } = pipe();
    const stream = new LogStream(writer);
    for (let i = 0; i < 6; i++) stream.gather(line(i));
    expect(numbersIn(read(reader))).toEqual(upTo(4)); // these fill 4096 bytes
    jest.advanceTimersByTime(10);
    expect(numbersIn(read(reader))).toEqual([4, 5]);
    stream.gather(line(6));
    stream.write(line(7));
    expect(numbersIn(read(reader))).toEqual([6, 7]);
    stream.gather(line(8));
    stream.flushUntil(performance.now()); // the process ends
    expect(numbersIn(read(reader))).toEqual([8]);
    jest.useRealTimers();
  });

  it("keeps lines that were gathered when there is no room for them, and counts those that it drops", () => {
    const { reader, writer } = pipe();
    const stream = new LogStream(writer);
    stream.limit = 100_000;
    let lost = 0;
    stream.onLoss((lines) => (lost += lines));
    for (let i = 0; i < 1000; i++) stream.gather(line(i));
    const kept = numbersIn(readAll(stream, reader));
    expect(lost).toBeGreaterThan(700);
    expect(kept.length).toBe(1000 - lost);
    expect(kept).toEqual([...kept].sort((one, other) => one - other));
  });

  it("writes to a file that it shares with others", () => {
    const path = join(folder, "file");
    const fd = openSync(path, "w");
    const [one, other] = [new LogStream(fd), new LogStream(fd)];
    for (let i = 0; i < 100; i++) (i % 2 === 0 ? one : other).write(line(i));
    expect(numbersIn(readFileSync(path, "utf8"))).toEqual(upTo(100));
  });
});
