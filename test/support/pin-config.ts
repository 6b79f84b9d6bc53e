import { z } from "zod";
import { assignmentsIn, findIn } from "../../packages/core/src/auth/static-principals.ts";
import { type LoadedConfig, loadConfig } from "../../packages/core/src/config/load.ts";
import { ConfigError } from "../../packages/core/src/errors/config-error.ts";
import { accept, challenge, credential } from "../../packages/core/src/hooks/answers.ts";
import { principalFields } from "../../packages/core/src/settings/assignment.ts";
import { defineMethod, definePlugin, defineStrategy } from "../../packages/core/src/plugins/define.ts";
import { memory } from "../../packages/core/src/transports/memory/memory.ts";
import { websocket } from "../../packages/core/src/transports/websocket/websocket.ts";

const principals = z.record(z.string(), z.strictObject({ pin: z.string().min(4), ...principalFields }));
const pin = defineMethod({
  name: "pin",
  at: "authenticate",
  credential: z.object({ pin: z.string() }),
  challenge: () => challenge({}),
  authenticate: () => accept(),
  decoy: () => credential({ pin: "none" }),
  static: {
    schema: z.strictObject({ principals, attempts: z.int().optional(), loud: z.boolean().optional() }),
    find: (query, block: { principals: z.output<typeof principals> }) =>
      findIn(block.principals, query, (principal) => ({ pin: principal.pin })),
    assignments: (block: { principals: z.output<typeof principals> }) => assignmentsIn("principals", block.principals),
  },
});
const gate = defineMethod({
  name: "gate",
  at: "hello",
  credential: z.object({}),
  challenge: () => accept(),
  decoy: () => credential({}),
});
const asking = defineStrategy({
  type: "asking",
  // Not strict, as a plugin author may forget: core reports the keys that it drops.
  block: z.object({ procedure: z.string(), "asked-realm": z.string().optional() }),
  resolve: () => credential({}),
  calls: (block) => [{ uri: block.procedure, realm: block["asked-realm"] ?? null, realmKey: "asked-realm" }],
});
/** A plugin with a method of each kind and a strategy. */
export const plugin = definePlugin({ name: "test-plugin", core: "*", methods: [pin, gate], strategies: [asking] });

export const REALMS = [{ name: "realm1", roles: [{ name: "user" }] }];
export const PIN = { type: "static", principals: { joe: { pin: "1234", role: "user" } } };

/** A whole config, with `over` in its place. */
export const config = (over: Record<string, unknown> = {}, auth: unknown = { pin: PIN }) => ({
  plugins: [plugin],
  realms: REALMS,
  transports: [{ type: "memory", auth }],
  ...over,
});

export const load = (raw: unknown): Promise<LoadedConfig> =>
  loadConfig(
    { file: "/etc/wampgate.json", folder: import.meta.dirname, raw },
    { cwd: import.meta.dirname, transports: [websocket, memory], serializers: ["json"] },
  );

/** The problems, as the operator reads them: one line each. */
export async function problems(raw: unknown): Promise<string[]> {
  const error = await load(raw).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConfigError)) throw error instanceof Error ? error : new Error("the config was accepted");
  return error.message
    .split("\n")
    .slice(1)
    .map((line) => line.trim());
}

/** A realm whose role `user` has these keys too. */
export const realmWith = (role: object) => ({ realms: [{ name: "realm1", roles: [{ name: "user", ...role }] }] });
export const ruleWith = (rule: object) => realmWith({ permissions: [rule] });
