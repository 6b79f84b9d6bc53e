import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { folderOf } from "../../jest/folder.ts";

export const ROOT = join(import.meta.dirname, "../..");
const BIN = join(ROOT, "packages/core/bin/wampgate.js");

/** How long a line of the log may take to come, in milliseconds. */
const PATIENCE = 10_000;

type Environment = Readonly<Record<string, string>>;

/** How a run of the command ended. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with these files, whose `node_modules` has what npm would have installed. */
export async function folderWith(files: Record<string, string> = {}): Promise<string> {
  const path = await folderOf(files);
  await symlink(join(ROOT, "node_modules"), join(path, "node_modules"));
  return path;
}

const running = new Set<ChildProcess>();

// What a failed test left would keep Jest from ending.
afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
});

function spawned(
  cwd: string,
  args: readonly string[],
  env: Environment,
  { stderr = "pipe", node = process.execPath }: { stderr?: "pipe" | number; node?: string | undefined } = {},
): ChildProcess {
  const child = spawn(node, [BIN, ...args], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: "", ...env },
    stdio: ["pipe", "pipe", stderr],
  });
  running.add(child);
  child.once("close", () => running.delete(child));
  return child;
}

/** Runs `wampgate` to its end. */
export async function run(
  cwd: string,
  args: readonly string[],
  { env = {}, input = "" }: { env?: Environment; input?: string } = {},
): Promise<Outcome> {
  const child = spawned(cwd, args, env);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (data) => (stdout += String(data)));
  child.stderr?.on("data", (data) => (stderr += String(data)));
  child.stdin?.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

/** `wampgate start` in a process of its own. */
export interface CliRouter {
  /** What it printed once it listened. */
  readonly summary: readonly string[];
  /** Of its first transport: `ws://127.0.0.1:45123/ws`. */
  readonly url: string;
  /** What it has logged. */
  readonly lines: readonly string[];
  /** The exit code, once it has ended. */
  readonly ended: Promise<number | null>;
  /** Sends a signal. */
  kill(signal: NodeJS.Signals): void;
  /** The first line of its log, of those from before too, whose message is `message`; or the one of this number, from 1. */
  logged(message: RegExp, number?: number): Promise<Record<string, unknown>>;
}

export interface StartOptions {
  /** What becomes of its log: read into `lines`, left in its socket, or sent to a descriptor of this process. */
  readonly stderr?: "read" | "unread" | number;
  /** The Node.js that runs it; default: the one that runs the test. */
  readonly node?: string;
  /** Flags of the command. */
  readonly flags?: readonly string[];
}

/** Starts a router of the config in `cwd`, and resolves when it listens. */
export async function startCli(
  cwd: string,
  env: Environment = {},
  { stderr = "read", node, flags = [] }: StartOptions = {},
): Promise<CliRouter> {
  const child = spawned(cwd, ["start", ...flags], env, { stderr: typeof stderr === "number" ? stderr : "pipe", node });
  if (child.stdout === null) throw new Error("the process has no output");
  // A process whose output nobody reads ends, but is never closed.
  const ended = once(child, stderr === "read" ? "close" : "exit").then(([code]) => code as number | null);
  const lines: string[] = [];
  const log = createInterface({ input: (stderr === "read" && child.stderr) || Readable.from([]) });
  log.on("line", (line) => lines.push(line));
  const summary: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    summary.push(line);
    if (line.includes("://")) break;
  }
  const url = /\w+:\/\/\S+/.exec(summary.at(-1) ?? "")?.[0];
  if (url === undefined) throw new Error(`the router did not start: ${lines.join("\n")}`);
  return {
    summary,
    url,
    lines,
    ended,
    kill: (signal) => void child.kill(signal),
    logged: (message, number = 1) =>
      new Promise((resolve, reject) => {
        let found = 0;
        const done = (): void => {
          clearTimeout(timer);
          log.off("line", look);
          log.off("close", fail);
        };
        const fail = (): void => {
          done();
          reject(new Error(`no line ${message} was logged:\n${lines.join("\n")}`));
        };
        const look = (line: string): void => {
          const entry = line.startsWith("{") ? (JSON.parse(line) as Record<string, unknown>) : {};
          if (!message.test(String(entry["msg"])) || ++found < number) return;
          done();
          resolve(entry);
        };
        const timer = setTimeout(fail, PATIENCE);
        log.on("line", look);
        log.once("close", fail);
        for (const line of [...lines]) look(line);
      }),
  };
}
