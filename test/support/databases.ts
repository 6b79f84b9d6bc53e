import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { chmod, chown } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnection } from "mysql2/promise";
import pg from "pg";
import { within } from "@wampgate/core";
import { folderOf } from "../../jest/folder.ts";
import { freePort } from "./free-port.ts";

// Databases from Debian's packages, each in a folder of its own, on a free port, as the user of its package.

/** How long a database may take to start or to end, in milliseconds. */
const LIMIT = 60_000;

/** What CI has installed, and demands. */
const DEMANDED = (process.env["WAMPGATE_SQL"] ?? "").split(",");

/** A database that runs. */
export interface RunningDatabase {
  /** As a block's `connection`. */
  readonly url: string;
  readonly port: number;
  /** Runs statements as the one who may do all. */
  readonly run: (...statements: readonly string[]) => Promise<void>;
  /** Stops it in the middle of what it does: it accepts, and says nothing. */
  freeze(): void;
  thaw(): void;
  /** Kills it. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  restart(): Promise<void>;
  readonly close: () => Promise<void>;
}

interface Kind {
  readonly name: string;
  /** The name of the system's user; its package makes it. */
  readonly user: string;
  /** Null: it is not installed. */
  readonly programs: { readonly init: string; readonly server: string } | null;
  readonly init: (folder: string) => readonly string[];
  readonly serve: (folder: string, port: number) => readonly string[];
  readonly ready: string;
  readonly url: (port: number) => string;
  readonly run: (folder: string, port: number, statements: readonly string[]) => Promise<void>;
}

/** Of the user `wampgate`: no log may have it. */
export const PASSWORD = "pass-of-the-database";

function postgresPrograms(): Kind["programs"] {
  const all = "/usr/lib/postgresql";
  const [version] = existsSync(all) ? readdirSync(all).sort().reverse() : [];
  const [init, server] = ["initdb", "postgres"].map((name) => join(all, version ?? "", "bin", name)) as [
    string,
    string,
  ];
  return version !== undefined && existsSync(server) ? { init, server } : null;
}

function mariadbPrograms(): Kind["programs"] {
  const [init, server] = ["/usr/bin/mariadb-install-db", "/usr/sbin/mariadbd"] as const;
  return existsSync(init) && existsSync(server) ? { init, server } : null;
}

export const POSTGRES: Kind = {
  name: "postgres",
  user: "postgres",
  programs: postgresPrograms(),
  init: (folder) => [
    "-D",
    join(folder, "data"),
    "-U",
    "root",
    "--auth-local=trust",
    "--auth-host=scram-sha-256",
    "-E",
    "UTF8",
    "--no-sync",
    "--no-instructions",
  ],
  serve: (folder, port) => [
    ...["-D", join(folder, "data"), "-p", String(port), "-k", folder],
    ...["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=16MB"],
  ],
  ready: "ready to accept connections",
  url: (port) => `postgresql://wampgate:${PASSWORD}@127.0.0.1:${port}/users`,
  async run(folder, port, statements) {
    const database = statements[0]?.startsWith("create database") === true ? "postgres" : "users";
    const client = new pg.Client({ host: folder, port, user: "root", database });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  },
};

export const MARIADB: Kind = {
  name: "mariadb",
  user: "mysql",
  programs: mariadbPrograms(),
  init: (folder) => [
    ...[
      "--no-defaults",
      `--datadir=${join(folder, "data")}`,
      "--skip-test-db",
      "--auth-root-authentication-method=normal",
    ],
  ],
  serve: (folder, port) => [
    ...["--no-defaults", `--datadir=${join(folder, "data")}`, `--socket=${join(folder, "sock")}`, `--port=${port}`],
    ...["--bind-address=127.0.0.1", `--pid-file=${join(folder, "pid")}`, "--innodb-flush-log-at-trx-commit=0"],
    ...["--innodb-buffer-pool-size=16M", "--character-set-server=utf8mb4"],
  ],
  ready: "ready for connections",
  url: (port) => `mysql://wampgate:${PASSWORD}@127.0.0.1:${port}/users`,
  async run(folder, _port, statements) {
    const client = await createConnection({ socketPath: join(folder, "sock"), user: "root" });
    if (statements[0]?.startsWith("create database") !== true) await client.query("use users");
    for (const statement of statements) await client.query(statement);
    await client.end();
  },
};

const SET_UP = {
  postgres: [
    "create database users",
    `create user wampgate password '${PASSWORD}'`,
    "grant pg_read_all_data to wampgate",
  ],
  mariadb: [
    "create database users",
    `create user wampgate identified by '${PASSWORD}'`,
    "grant select on users.* to wampgate",
  ],
} as const;

/** Whether the tests of a database run: it is there, or CI demands it. */
export function runsHere({ name, programs }: Kind): boolean {
  return programs !== null || DEMANDED.includes(name);
}

/** Starts a database with the schema `users`, which its user `wampgate` may read. */
export async function startDatabase(kind: Kind): Promise<RunningDatabase> {
  const { programs, user } = kind;
  if (programs === null) throw new Error(`${kind.name} is not installed, and WAMPGATE_SQL demands it`);
  const folder = await folderOf();
  // So that the other user may enter it.
  await chmod(tmpdir(), 0o711);
  const as = process.getuid?.() === 0 ? idsOf(user) : {};
  if (as.uid !== undefined) await chown(folder, as.uid, as.gid ?? as.uid);
  await chmod(folder, 0o711);
  const options = { ...as, cwd: folder, env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C.UTF-8" } };
  const init = spawnSync(programs.init, kind.init(folder), { ...options, timeout: LIMIT, encoding: "utf8" });
  if (init.status !== 0) throw new Error(`${programs.init} failed: ${init.stdout}${init.stderr}`);
  const port = await freePort();
  const start = (): Promise<ChildProcess> => started(kind, programs.server, kind.serve(folder, port), options);
  let server = await start();
  const run = (...statements: readonly string[]): Promise<void> => kind.run(folder, port, statements);
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
  };
  await run(...SET_UP[kind.name as keyof typeof SET_UP]);
  return {
    url: kind.url(port),
    port,
    run,
    freeze: () => signalAll(server, "SIGSTOP"),
    thaw: () => signalAll(server, "SIGCONT"),
    kill,
    async restart() {
      server = await start();
    },
    async close() {
      signalAll(server, "SIGCONT");
      await kill();
    },
  };
}

/** PostgreSQL has a process for each connection. */
function signalAll({ pid }: ChildProcess, signal: "SIGSTOP" | "SIGCONT"): void {
  const { stdout } = spawnSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
  for (const one of [pid, ...stdout.split(/\s+/).filter(Boolean).map(Number)]) {
    try {
      process.kill(one ?? 0, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

function idsOf(user: string): { uid?: number; gid?: number } {
  const idOf = (which: string): number => Number(spawnSync("id", [which, user], { encoding: "utf8" }).stdout);
  return { uid: idOf("-u"), gid: idOf("-g") };
}

async function started(kind: Kind, program: string, args: readonly string[], options: object): Promise<ChildProcess> {
  const server = spawn(program, args, { ...options, stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  await within(
    LIMIT,
    undefined,
    () =>
      new Promise<void>((resolve, reject) => {
        server.stderr.on("data", (data) => {
          text = `${text}${String(data)}`.slice(-10_000);
          if (text.includes(kind.ready)) resolve();
        });
        server.once("error", reject);
        server.once("exit", () => reject(new Error(`${program} ended: ${text}`)));
      }),
  ).catch((error: unknown) => {
    server.kill("SIGKILL");
    throw error;
  });
  return server;
}
