import { z } from "zod";
import { limit } from "../../settings/metadata.ts";
import { isPattern } from "../../wamp/uri.ts";

const historySchema = z
  .strictObject({
    uri: z.string().describe("the topic, or the pattern of topics"),
    match: z.enum(["exact", "prefix", "wildcard"]).default("exact").describe("how `uri` is compared"),
    limit: z.int().min(1).max(100_000).default(100).describe("how many of the last events are kept"),
  })
  .superRefine(({ uri: pattern, match }, context) => {
    if (isPattern(pattern, match)) return;
    context.addIssue({ code: "custom", path: ["uri"], message: `expected a URI that is legal with match: ${match}` });
  });

/** The realm options that are the broker's. */
export const brokerSettings = z.object({
  "retained-topics": z
    .int()
    .min(0)
    .default(10_000)
    .describe("how many topics may hold a retained event; beyond that the oldest ones are dropped"),
  "event-history": z
    .array(historySchema)
    .default([])
    .describe("topics whose events are kept in memory for `wamp.subscription.get_events`"),
  "max-subscriptions": z
    .int()
    .min(0)
    .default(10_000)
    .describe("how many subscriptions one session may hold")
    .meta(limit("ERROR `wampgate.error.limit_exceeded`")),
});
