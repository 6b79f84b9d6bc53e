import { z } from "@wampgate/core";

const memory = z.strictObject({ type: z.literal("memory").describe("in the router's memory: a restart forgets it") });
const file = z.strictObject({
  type: z.literal("file").describe("in a file of SQLite"),
  filename: z.string().min(1).describe("the file; it is made if it is missing").meta({ shown: true }),
});
const module = z.strictObject({
  type: z.literal("module").describe("in any store of Keyv"),
  module: z
    .string()
    .min(1)
    .describe("the module whose default export is the store, a Keyv, or a function that makes one of `config`")
    .meta({ shown: true }),
  config: z.unknown().optional().describe("what that function gets"),
});

/** The kinds of stores, by their `type`. */
export const storeKinds = [memory, file, module] as const;

/** The key `store` of a block. */
export const store = z.discriminatedUnion("type", storeKinds);

/** Where something is kept. */
export type StoreSettings = z.output<typeof store>;
