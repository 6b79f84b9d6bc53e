import { z } from "zod";

/** Core's own keys of a method's block. The others are the method's or the strategy's. */
export const blockSchema = z.looseObject({
  type: z.string().describe("`static`, or the type of a strategy: where principals come from"),
  "default-role": z.string().min(1).optional().describe("the role of principals that are assigned none"),
  then: z
    .string()
    .min(1)
    .optional()
    .describe("the method by which its clients must log in too, as a further factor: a key of the same `auth`"),
  alone: z
    .boolean()
    .optional()
    .describe(
      "whether its principals may log in by this method first; default: unless a `then` of this `auth` names the method",
    ),
});

export const authSchema = z
  .record(z.string(), z.unknown())
  .describe("the methods offered, each with a block or a list of blocks that are asked in order");
