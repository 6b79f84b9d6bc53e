import { z } from "zod";
import { limit, milliseconds } from "../settings/metadata.ts";

/** What an entry of `transports` says about its sessions, whatever its type. */
export const sessionSettings = z.object({
  "auth-timeout": milliseconds()
    .default(30_000)
    .describe("how long a login may take, from the opening of the connection to WELCOME")
    .meta(limit("ABORT `wamp.error.authentication_failed`; before HELLO the end of the connection")),
});

export type SessionSettings = z.output<typeof sessionSettings>;
