import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CLIENT_FEATURES, CLIENT_ROLES, type ClientRole, clientRolesOf } from "./client-features.ts";

const src = join(import.meta.dirname, "..");

/**
 * Where the router asks what a client announced: `announced("callee", "call_timeout")`; null if the role is a variable.
 */
function features(): { role: ClientRole | null; feature: string }[] {
  const sources = readdirSync(src, { recursive: true })
    .map(String)
    .filter((file) => /(?<!\.test)\.ts$/.test(file));
  return sources.flatMap((file) => {
    const text = readFileSync(join(src, file), "utf8");
    return [...text.matchAll(/\.announced\(\s*(?:"(\w+)"|\w+),\s*"(\w+)",?\s*\)/g)].map(([, role, feature]) => ({
      role: (role as ClientRole | undefined) ?? null,
      feature: feature as string,
    }));
  });
}

function has(role: ClientRole, feature: string): boolean {
  return (CLIENT_FEATURES[role] as readonly string[]).includes(feature);
}

it("every feature that the router reads is kept, for the role it is read of", () => {
  const read = features();
  expect(read.length).toBeGreaterThan(8);
  expect(
    read.filter(({ role, feature }) => !(role === null ? CLIENT_ROLES : [role]).every((each) => has(each, feature))),
  ).toEqual([]);
});

it("no feature is kept that the router does not read", () => {
  const read = features();
  const isRead = (role: ClientRole, name: string): boolean =>
    read.some((each) => each.feature === name && (each.role === role || each.role === null));
  for (const role of CLIENT_ROLES) expect(CLIENT_FEATURES[role].filter((name) => !isRead(role, name))).toEqual([]);
});

it("every call that asks what was announced is one that this test can read", () => {
  const calls = readdirSync(src, { recursive: true })
    .map(String)
    .filter((file) => /(?<!\.test)\.ts$/.test(file))
    .flatMap((file) => [...readFileSync(join(src, file), "utf8").matchAll(/\.announced\(/g)]);
  expect(calls).toHaveLength(features().length);
});

it("only a client's roles and the features that are read are kept, as booleans", () => {
  const huge = "x".repeat(10_000);
  const roles = {
    caller: { features: { payload_passthru_mode: true, [huge]: huge }, [huge]: huge },
    callee: { features: { call_canceling: "yes", call_timeout: 1, call_cancelling: true } },
    publisher: {},
    [huge]: { features: {} },
  };
  expect(clientRolesOf(roles)).toEqual({
    caller: { features: { payload_passthru_mode: true } },
    callee: {
      features: {
        call_canceling: false,
        call_cancelling: true,
        call_timeout: false,
        payload_passthru_mode: false,
        progressive_call_invocations: false,
        progressive_call_results: false,
        registration_revocation: false,
      },
    },
    publisher: { features: { payload_passthru_mode: false } },
  });
});

it("two clients that announce the same share it, and neither can change it", () => {
  const [one, two] = [{ caller: { features: {} } }, { caller: { features: null } }].map(clientRolesOf);
  expect(one?.caller).toBe(two?.caller);
  expect(Object.isFrozen(one?.caller?.features)).toBe(true);
});

it("clients that announce the same share what is kept of it, and none of them can change it", () => {
  const caller = { caller: { features: { payload_passthru_mode: true } } };
  const first = clientRolesOf(caller);
  expect(clientRolesOf(structuredClone(caller))).toBe(first);
  expect(Object.isFrozen(first)).toBe(true);
  expect(clientRolesOf({ caller: {} })).not.toEqual(first);
  expect(clientRolesOf({ ...caller, callee: {} })).toEqual({ ...first, callee: expect.anything() as unknown });
  expect(clientRolesOf(caller)).toEqual(first);
});
