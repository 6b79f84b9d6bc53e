import { z } from "zod";
import type { ConfigRef } from "../contract/login-record.ts";
import { bytes, limit } from "../settings/metadata.ts";
import { roleSchema, uri } from "./access/settings.ts";
import { brokerSettings } from "./broker/settings.ts";
import { dealerSettings } from "./dealer/settings.ts";

const MiB = 1024 * 1024;

const NO_ROOM = limit("ABORT `wampgate.error.limit_exceeded` instead of WELCOME");

const realmOptionsSchema = z.strictObject({
  "uri-check": z
    .enum(["loose", "strict"])
    .default("loose")
    .describe("which URIs are legal: the spec's minimum, or lower-case letters, digits and `_` only"),
  "max-uri-length": z
    .int()
    .min(64)
    .max(65_536)
    .default(512)
    .describe("how many characters a URI or pattern may have")
    .meta(limit("ERROR `wamp.error.invalid_uri`")),
  "request-ids": z
    .enum(["strict", "warn", "off"])
    .default("warn")
    .describe(
      "what happens if a client's request ids are not 1, 2, 3 …: the session ends, a warning is logged, nothing",
    ),
  "disclose-me": z
    .enum(["allow", "forbid"])
    .default("allow")
    .describe("whether callers and publishers may show who they are by `disclose_me`"),
  ...brokerSettings.shape,
  ...dealerSettings.shape,
  "max-sessions": z.int().min(1).default(100_000).describe("how many sessions may be in the realm").meta(NO_ROOM),
  "max-sessions-per-authid": z
    .int()
    .min(1)
    .default(100_000)
    .describe("how many of them one authid may have")
    .meta(NO_ROOM),
  "max-bytes-per-session": bytes(1024, Number.MAX_SAFE_INTEGER)
    .default(32 * MiB)
    .describe("about how much memory a session's subscriptions, registrations and testaments may take")
    .meta(limit("ERROR `wampgate.error.limit_exceeded`")),
  "max-bytes": bytes(1024, Number.MAX_SAFE_INTEGER)
    .default(512 * MiB)
    .describe(
      "the same for all sessions together, and for retained events and event history; the oldest of these are forgotten first",
    )
    .meta(limit("ERROR `wampgate.error.limit_exceeded`")),
});

/** The keys of a realm's options: some are limits. */
export const REALM_LIMITS: ReadonlySet<string> = new Set(Object.keys(realmOptionsSchema.shape));

export type RealmOptions = z.output<typeof realmOptionsSchema>;

export const realmSchema = z.strictObject({
  name: uri.describe("the realm's name"),
  roles: z.array(roleSchema).min(1).describe("the roles that sessions can have in it"),
  options: realmOptionsSchema.prefault({}).describe("how the realm treats its clients"),
});

export type RealmSettings = z.output<typeof realmSchema>;

/** A realm's settings, and what other parts of the config say about it. */
export interface RealmRules extends RealmSettings {
  /** URIs of authenticators and authorizers: only an exact rule allows a client to register or call them. */
  readonly guarded: ReadonlySet<string>;
  /** Where a value of the realm stands in the config, by the keys that lead to it from there. */
  readonly place: (path: readonly (string | number)[]) => ConfigRef;
}
