import { z } from "zod";
import { bytes, limit } from "../settings/metadata.ts";

const FULL =
  "WebSocket: HTTP 503 with `Retry-After`; RawSocket: error 4, maximum connection count reached; other transports: ABORT `wampgate.error.limit_exceeded`";
const HELD_BACK =
  "ABORT `wamp.error.authentication_denied` for a second, then for two, four … sixty with each further failure";

/** The limits of an entry of `transports` on connections, logins and rates, for every type. */
export const limitSettings = z.object({
  "max-connections": z
    .int()
    .min(1)
    .default(100_000)
    .describe("how many connections may be open, logged in or not")
    .meta(limit(FULL)),
  "max-half-open": z
    .int()
    .min(1)
    .default(10_000)
    .describe(
      "how many connections may not have logged in yet; the same number of sockets may still be at their first bytes",
    )
    .meta(limit("the same; a socket that has sent nothing yet is closed")),
  "max-half-open-per-address": z
    .int()
    .min(1)
    .default(5000)
    .describe("how many of those may come from one IPv4 address or one IPv6 network of 64 bits")
    .meta(limit("the same")),
  "max-failed-logins-per-address": z
    .int()
    .min(1)
    .default(3000)
    .describe("how many logins from one address may fail in a minute")
    .meta(limit(`${HELD_BACK}; [what counts](../decisions/failed-logins.md)`)),
  "max-failed-logins-per-authid": z
    .int()
    .min(1)
    .default(3000)
    .describe(
      "how many logins with one authid may fail in a minute, from all addresses. Lower it if people choose their own passwords",
    )
    .meta(
      limit(
        "the same, but only from addresses that have failed themselves and have never logged in with it: [strangers lock no user out](../decisions/failed-logins.md)",
      ),
    ),
  "max-messages-per-second": z
    .int()
    .min(0)
    .default(0)
    .describe(
      "how many messages of one client are read in a second; a pause saves up one second's at most; 0: no limit",
    )
    .meta(limit("the others wait until the next is due; [nothing is lost](../decisions/slowing-down.md)")),
});

export type LimitSettings = z.output<typeof limitSettings>;

/** The limits of the whole router, at the top level of the config. */
export const totalLimits = z.object({
  "max-buffered-total": bytes(1024 * 1024, Number.MAX_SAFE_INTEGER)
    .default(256 * 1024 * 1024)
    .describe("bytes that may wait for all slow clients together")
    .meta(limit("the end of the connection for which the most wait, then of the next")),
});

export type TotalLimits = z.output<typeof totalLimits>;
