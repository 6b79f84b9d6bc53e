import type { LoadedConfig } from "../config/load.ts";
import type { LimitHit, ReportedHit } from "../contract/observers.ts";
import { REALM_LIMITS } from "../realm/settings.ts";
import type { Live } from "../settings/live.ts";

export type LimitPlace = Pick<LimitHit, "where" | "config">;

/** Finds where the limit stands in the config that a client has hit: at a realm, at a transport, or at the top. */
export function limitPlaces(config: Live<LoadedConfig>): (hit: ReportedHit) => LimitPlace {
  return ({ limit, realm, session, transport }) => {
    const { realms, settings, placeOf } = config.now;
    const name = realm ?? session?.realm;
    const index = REALM_LIMITS.has(limit) ? realms.findIndex((one) => one.name === name) : -1;
    if (name !== undefined && index !== -1)
      return { where: name, config: placeOf(["realms", index, "options", limit])() };
    if (Object.hasOwn(settings, limit)) return { where: null, config: placeOf([limit])() };
    if (transport === undefined) return { where: null, config: null };
    return { where: transport, config: placeOf(["transports", transport, limit])() };
  };
}
