import type { LoadedConfig } from "../config/load.ts";
import type { ServiceCallStats } from "../contract/observers.ts";
import type { ServiceCallEnd } from "../contract/service-call.ts";

/** What a procedure that the router called is for the config. */
export function purposeOf(
  { realm, procedure }: Pick<ServiceCallEnd, "realm" | "procedure">,
  { called }: Pick<LoadedConfig, "called">,
): ServiceCallEnd["purpose"] {
  const found = called.find((one) => one.uri === procedure && (one.realm === null || one.realm === realm));
  return found?.what ?? "plugin";
}

/** Who answers the procedures that decide logins and actions, and how many calls of each are under way. */
export function serviceCallStats(
  { called }: Pick<LoadedConfig, "called">,
  realms: Iterable<{ readonly name: string; calleesOf(procedure: string): number }>,
  pending: (procedure: string) => number,
): ReadonlyMap<string, ServiceCallStats> {
  const stats = new Map<string, ServiceCallStats>();
  const all = [...realms];
  for (const { uri } of called) {
    const homes = called.filter((one) => one.uri === uri).map(({ realm }) => realm);
    const asked = all.filter(({ name }) => homes.includes(null) || homes.includes(name));
    const callees = asked.reduce((sum, realm) => sum + realm.calleesOf(uri), 0);
    stats.set(uri, { callees, pending: pending(uri) });
  }
  return stats;
}
