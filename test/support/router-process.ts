import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ROOT = join(import.meta.dirname, "../..");

/** A router in a process of its own, as an operator starts it. */
export interface RouterProcess {
  /** Of its transports, in their order. */
  readonly urls: readonly string[];
  /** What it logged as an error, and whatever else came to stderr: nothing, if all is well. */
  readonly complaints: readonly string[];
  /** Stops it by SIGTERM. @returns its exit code */
  stop(): Promise<number | null>;
}

/** Starts `wampgate start` with this config, and resolves when it listens. */
export async function startProcess(config: { readonly transports: readonly unknown[] }): Promise<RouterProcess> {
  const folder = await mkdtemp(join(tmpdir(), "wampgate-process-"));
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "wampgate.config.json"), JSON.stringify(config));
  const child = spawn(
    process.execPath,
    [join(ROOT, "packages/core/bin/wampgate.js"), "start", "--log-level", "error"],
    {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: "" },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const ended = once(child, "close") as Promise<[number | null]>;
  const complaints: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => complaints.push(line));
  const urls: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [url] = /\b(?:ws|rs)s?:\/\/\S+/.exec(line) ?? [];
    if (url !== undefined) urls.push(url);
    if (urls.length === config.transports.length) break;
  }
  child.stdout.resume();
  if (urls.length < config.transports.length) throw new Error(`the router did not start: ${complaints.join("\n")}`);
  const stop = async (): Promise<number | null> => {
    child.kill("SIGTERM");
    const [code] = await ended;
    await rm(folder, { recursive: true });
    return code;
  };
  return { urls, complaints, stop };
}
