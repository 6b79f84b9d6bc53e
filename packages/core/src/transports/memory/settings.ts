import { z } from "zod";

/** One entry of type `memory`, less the keys that core takes out. */
export const memorySchema = z.strictObject({
  name: z.string().min(1).default("default").describe("what `connect` calls this entry"),
});

export type MemoryOptions = z.output<typeof memorySchema>;
