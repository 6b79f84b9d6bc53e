import { chmod, readFile, watch, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { folderOf } from "../jest/folder.ts";
import { type CliRouter, folderWith, startCli } from "./support/cli.ts";

// Each test starts processes, on machines that may have other work.
jest.setTimeout(30_000);

const CONFIG = `
plugins: ["@wampgate/auth-anonymous"]
realms: [{ name: realm1, roles: [{ name: user }] }]
transports:
  - { type: websocket, endpoint: { type: tcp, port: 0 }, auth: { anonymous: { type: static, role: user } } }
`;

const start = async (env: Record<string, string>): Promise<CliRouter> =>
  startCli(await folderWith({ "wampgate.config.yaml": CONFIG }), env);

interface StandIn {
  readonly env: Record<string, string>;
  readonly told: () => Promise<string[]>;
  /** Resolves once it was to tell this. */
  readonly heard: (line: string) => Promise<void>;
}

/** A program in the place of systemd-notify, that writes down what it was to tell. */
async function standIn(): Promise<StandIn> {
  const folder = await folderOf();
  const program = join(folder, "systemd-notify");
  const notes = join(folder, "told");
  await writeFile(program, `#!/bin/sh\necho "$@" >> ${notes}\n`);
  await chmod(program, 0o755);
  const told = async (): Promise<string[]> => (await readFile(notes, "utf8").catch(() => "")).trim().split("\n");
  return {
    env: { NOTIFY_SOCKET: join(folder, "socket"), PATH: `${folder}:${process.env["PATH"] ?? ""}` },
    told,
    async heard(line) {
      const changes = watch(folder)[Symbol.asyncIterator]();
      while (!(await told()).includes(line)) await changes.next();
      await changes.return?.();
    },
  };
}

it("systemd is told of the start, of a reload and of the end, in this order", async () => {
  const { env, told } = await standIn();
  const router = await start(env);
  router.kill("SIGHUP");
  await router.logged(/the config was reloaded/);
  router.kill("SIGTERM");
  expect(await router.ended).toBe(0);
  expect(await told()).toEqual([
    "READY=1",
    expect.stringMatching(/^RELOADING=1 MONOTONIC_USEC=\d+$/),
    "READY=1",
    "STOPPING=1",
  ]);
});

it("a watchdog hears that the process is at work, until it stops", async () => {
  const { env, told, heard } = await standIn();
  const router = await start({ ...env, WATCHDOG_USEC: "20000" });
  await heard("WATCHDOG=1");
  router.kill("SIGTERM");
  expect(await router.ended).toBe(0);
  expect((await told()).at(-1)).toBe("STOPPING=1");
});

it("without the program the router works, and the log says what systemd will miss", async () => {
  const router = await start({ NOTIFY_SOCKET: "/nowhere", PATH: "/nowhere" });
  await router.logged(/could not tell systemd READY=1 by the program systemd-notify/);
  router.kill("SIGTERM");
  expect(await router.ended).toBe(0);
});
