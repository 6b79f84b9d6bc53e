import { z } from "zod";
import { bytes, counters, limit, live, liveKeys, milliseconds } from "./metadata.ts";

const schema = z.strictObject({
  "send-timeout": milliseconds(100).default(1).meta(limit("the end")),
  "max-size": bytes(1, 2).meta({ ...limit("the end", "size"), ...live }),
  host: z.string().meta(live),
  port: z.int(),
  endpoint: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("tcp"), proxy: z.boolean().default(false).meta(limit("the end")) }),
    z.strictObject({ type: z.literal("unix") }),
  ]),
  entries: z.array(z.strictObject({ "max-a": z.int().meta(limit("the end")) })),
});
const json = z.toJSONSchema(schema, { io: "input" });

describe("what a schema says about its settings", () => {
  it("names the counters of its limits, those of parts, branches and members too", () => {
    expect(counters(json)).toEqual(["send-timeout", "size", "proxy", "max-a"]);
  });

  it("names the keys that a reload changes", () => {
    expect(liveKeys(json)).toEqual(["max-size", "host"]);
  });

  it("keeps the unit beside the limits of a number", () => {
    expect(json.properties?.["send-timeout"]).toMatchObject({ unit: "ms", minimum: 100, limit: "the end" });
    expect(json.properties?.["max-size"]).toMatchObject({ unit: "bytes", minimum: 1, maximum: 2 });
  });
});
