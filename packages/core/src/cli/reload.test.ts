import { join } from "node:path";
import { CapturedLog } from "@wampgate/plugin-testkit";
import { folderOf } from "../../../../jest/folder.ts";
import { ConfigError } from "../errors/config-error.ts";
import type { Router } from "../router/router.ts";
import { reload } from "./reload.ts";

const KEPT = "the config was not reloaded, and the old one stays in effect";

/** The codes of the errors in the lines of the last log. */
let codes: (string | undefined)[];

/** Reloads a file that says so, in a router that takes a new config so. @returns the log, level and message */
async function reloaded(text: string, take: (raw: unknown) => void): Promise<[string, string][]> {
  const file = join(await folderOf({ "wampgate.yaml": text }), "wampgate.yaml");
  const log = new CapturedLog();
  const warnings = [{ path: ["realms", 0], message: "no role may do anything" }];
  const router = { log, warnings, reload: (raw: unknown) => Promise.resolve(raw).then(take) } as unknown as Router;
  await reload(router, file);
  for (const { fields } of log.lines) expect(fields).toMatchObject({ file });
  codes = log.lines.map(({ fields }) => (fields["err"] as { code?: string } | undefined)?.code);
  return log.lines.map(({ level, message }) => [level, message.replace(file, "FILE")]);
}

it("a reload hands the router what the file holds now, and logs what is odd in it", async () => {
  const taken: unknown[] = [];
  const lines = await reloaded("realms: []", (raw) => taken.push(raw));
  expect(taken).toEqual([{ realms: [] }]);
  expect(lines).toEqual([["warn", "realms[0]: no role may do anything"]]);
});

it("a file that cannot be read is told, and the router is not asked to take it", async () => {
  const taken: unknown[] = [];
  const lines = await reloaded("realms: [", (raw) => taken.push(raw));
  expect(taken).toEqual([]);
  expect(lines.at(-1)).toEqual(["error", `${KEPT}: FILE is wrong`]);
  expect(codes.at(-1)).toBe("WG_CONFIG_UNREADABLE");
});

it("all that the router finds wrong is told, a line each, and then that the old config stays", async () => {
  const issues = [
    { path: ["realms"], message: "there must be one" },
    { path: [], message: "no transports" },
  ];
  const lines = await reloaded("realms: []", () => {
    throw new ConfigError("wampgate.yaml", issues);
  });
  expect(lines).toEqual([
    ["error", "realms: there must be one"],
    ["error", "no transports"],
    ["error", `${KEPT}: FILE is wrong`],
  ]);
  expect(codes).toEqual([undefined, undefined, "WG_CONFIG_INVALID"]);
});

it("another failure is told with its own words", async () => {
  const lines = await reloaded("realms: []", () => {
    throw new Error("the router is closed");
  });
  expect(lines).toEqual([["error", `${KEPT}: the router is closed`]]);
});
