import { z } from "zod";
import { endpointSchema } from "../../transports/net/settings.ts";

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|localhost)$/;

/** The listener for operators and their programs. */
export const sideSchema = z
  .strictObject({
    endpoint: endpointSchema
      .refine((endpoint) => endpoint.type !== "server", "the side listener listens by itself: take type tcp or unix")
      .refine(
        (endpoint) => endpoint.type !== "tcp" || endpoint.tls !== undefined || LOOPBACK.test(endpoint.host),
        "needs tls, as other machines can connect: the token would pass the network in clear text",
      )
      .describe("where to listen; other hosts than those of this machine need `tls`"),
    "token-file": z
      .string()
      .min(1)
      .describe("the file of the token, which others may not read; one is made if it is missing"),
    "allowed-hosts": z
      .array(z.string().min(1))
      .default([])
      .describe("more names in `Host` that requests may have, for example that of a proxy"),
    public: z
      .array(z.string().regex(/^\/[^?#\s]*$/, 'must start with "/" and hold no space, "?" or "#"'))
      .default(["/metrics", "/healthz", "/readyz"])
      .describe("the paths that need no token"),
  })
  .describe("a listener of its own for health, metrics and pages of plugins; needs a restart");

export type SideSettings = z.output<typeof sideSchema>;
