import { z } from "zod";
import { limit } from "../../settings/metadata.ts";

const REFUSED = limit("ERROR `wampgate.error.limit_exceeded`");

/** The realm options that are the dealer's. */
export const dealerSettings = z.object({
  "max-registrations": z
    .int()
    .min(0)
    .default(10_000)
    .describe("how many registrations one session may hold")
    .meta(REFUSED),
  "max-pending-calls": z
    .int()
    .min(0)
    .default(10_000)
    .describe("how many unanswered calls one session may have made")
    .meta(REFUSED),
});
