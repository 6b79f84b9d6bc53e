import { z } from "zod";

/** One entry of type `memory`, without core's own keys. */
export const memorySchema = z.strictObject({
  name: z.string().min(1).default("default").describe("this entry's name for `connect`"),
});

export type MemoryOptions = z.output<typeof memorySchema>;
